// Text and tables as HTML. Names and texts come from files, so that all of them are escaped here.

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** Control characters would be invisible, or end the parsing of the page. */
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Text for content and for attributes in double quotes. */
export function text(value: string): string {
  return value.replace(CONTROLS, '\ufffd').replace(/[&<>"]/g, (character) => entities[character]!);
}

/** A cell: a text, or a number that is aligned with those above and below. */
export interface Cell {
  readonly html: string;
  readonly isNumber?: boolean;
}

/** A number that is aligned right. */
export function numberCell(value: string): Cell {
  return { html: text(value), isNumber: true };
}

/** @param rows of as many cells as there are columns; the first cell of each names it */
export function table(caption: string, columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const isNumber = (i: number): boolean => rows[0]?.[i]?.isNumber === true;
  const head = columns.map((name, i) => `<th scope="col"${numberClass(isNumber(i))}>${text(name)}</th>`).join('');
  const body = rows.map((cells) => {
    const [first, ...others] = cells;
    const rest = others.map((cell) => `<td${numberClass(cell.isNumber === true)}>${cell.html}</td>`).join('');
    return `<tr><th scope="row"${numberClass(first!.isNumber === true)}>${first!.html}</th>${rest}</tr>`;
  });
  return `<div class="scroll" role="region" tabindex="0" aria-label="${text(caption)}"><table>
<caption>${text(caption)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table></div>`;
}

function numberClass(isNumber: boolean): string {
  return isNumber ? ' class="number"' : '';
}
