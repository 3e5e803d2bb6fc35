// Marks the special names that a template itself writes, so that no other text can pass for one.
//
// Every special name in the template's source, and in the variables that stand for one (`bos_token`), is put between
// two noncharacters. They travel through the template with the name. In what it renders, a name between marks is a
// control token and everything else is text. Text given by the user cannot hold the marks, so none of it becomes a
// control token, whatever the template does with it: trimming, slicing, joining, changing case, replacing, escaping.
// Only a template that cuts both marks off a name of its own, and puts a user's text between them, could undo this.

/** Noncharacters: never assigned, and meant for use inside a program. */
const OPEN = '\ufdd0';
const CLOSE = '\ufdd1';
const EITHER = /[\ufdd0\ufdd1]/;
const ALL = /[\ufdd0\ufdd1]/g;

export function markName(name: string): string {
  return OPEN + name + CLOSE;
}

export function unmarkName(marked: string): string {
  return marked.slice(OPEN.length, -CLOSE.length);
}

/** Text without marks: a template may have cut one from its name. */
export function dropMarks(text: string): string {
  return text.replace(ALL, '');
}

/** Position of the first mark, or −1. */
export function markPosition(text: string): number {
  return text.search(EITHER);
}
