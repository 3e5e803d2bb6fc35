// A component that renders again only for other properties.

import { Component, type ComponentType, type FunctionComponent, h } from 'preact';

export function memo<P extends object>(Inner: FunctionComponent<P>): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const names = Object.keys({ ...this.props, ...next }) as (keyof P)[];
      return names.some((name) => this.props[name] !== next[name]);
    }

    override render() {
      return h(Inner, this.props as P);
    }
  };
}
