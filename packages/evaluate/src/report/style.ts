// The style of the report page: light and dark, screen and paper.

export const STYLE = `
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5a6472; --paper: #fff; --line: #d8dde4; --mark: #2563a8; --area: #2563a833; --good: #1a7f37; --bad: #b3261e; --hit: #ffe2a8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #a3adba; --paper: #14181f; --line: #343c48; --mark: #7fb2ee; --area: #7fb2ee33; --good: #5fd080; --bad: #ff8f85; --hit: #6b4e12; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 20px 60px; max-width: 1000px; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; overflow-wrap: anywhere; } h2 { font-size: 19px; margin: 36px 0 8px; } h3 { font-size: 16px; margin: 24px 0 6px; }
p { margin: 6px 0; } .soft { color: var(--soft); }
.verdict { font-weight: 600; border-left: 5px solid; padding: 6px 12px; margin: 12px 0; overflow-wrap: anywhere; } .pass { border-color: var(--good); } .fail { border-color: var(--bad); }
table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; }
caption { text-align: left; white-space: nowrap; font-weight: 600; padding: 4px 0; }
th, td { text-align: left; padding: 3px 12px 3px 0; border-bottom: 1px solid var(--line); vertical-align: top; font-weight: 400; } thead th { color: var(--soft); }
.number { text-align: right; white-space: nowrap; }
.scroll { overflow-x: auto; margin: 12px 0; } .scroll:focus-visible { outline: 2px solid var(--mark); }
.plots { display: flex; flex-wrap: wrap; gap: 4px 12px; } svg { max-width: 100%; height: auto; display: block; }
svg text { fill: var(--soft); font: 11.5px system-ui, sans-serif; } svg .title { fill: var(--ink); font-size: 13px; font-weight: 600; }
.grid { stroke: var(--line); } .beaten { fill: var(--soft); } .mark { fill: var(--mark); } .area { fill: var(--area); } .line { fill: none; stroke: var(--mark); stroke-width: 1.5; }
.context { font-family: ui-monospace, monospace; white-space: pre-wrap; } mark { background: var(--hit); color: inherit; }
@media print { :root { color-scheme: light; --ink: #000; --soft: #333; --paper: #fff; --line: #bbb; --mark: #2563a8; --area: #2563a833; --good: #1a7f37; --bad: #b3261e; --hit: #ffe2a8; } body { max-width: none; padding: 0; font-size: 10pt; } .scroll { overflow: visible; } table { font-size: 8.5pt; } tr, svg { break-inside: avoid; } h2, h3 { break-after: avoid; } * { print-color-adjust: exact; } }
`;
