// A value that components watch. They are told once per frame, however many changes there were in it.

import { useLayoutEffect, useState } from 'preact/hooks';

export interface Store<T> {
  readonly value: T;
  set(value: T): void;
  /** Returns the end of the watch. */
  watch(onChange: () => void): () => void;
}

/** Time between two announcements on a hidden page, which draws no frames. */
const HIDDEN_MS = 100;

export function createStore<T>(initial: T): Store<T> {
  const watchers = new Set<() => void>();
  let value = initial;
  let isAnnounced = false;
  const announce = (): void => {
    isAnnounced = false;
    for (const watcher of watchers) watcher();
  };
  return {
    get value() {
      return value;
    },
    set(next) {
      value = next;
      if (isAnnounced) return;
      isAnnounced = true;
      if (document.hidden) setTimeout(announce, HIDDEN_MS);
      else requestAnimationFrame(announce);
    },
    watch(onChange) {
      watchers.add(onChange);
      return () => watchers.delete(onChange);
    },
  };
}

/** The value of a store; the component renders again when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.value);
  useLayoutEffect(() => {
    const update = (): void => setValue(() => store.value);
    // The value may have changed between the rendering and this.
    update();
    return store.watch(update);
  }, [store]);
  return value;
}
