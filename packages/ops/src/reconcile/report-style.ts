/** Of the page that a controller files. Nothing is fetched; text keeps 4.5:1 on its ground in light and in dark. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --ground: light-dark(#fff, #14181f); --text: light-dark(#1b2330, #e6eaf0);
  --line: light-dark(#d8dde6, #3a4250); --quiet: light-dark(#566070, #a3adba); --band: light-dark(#f4f6f9, #1c222c); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
.kicker { margin: 0; color: var(--quiet); }
h1 { margin: .2rem 0 1rem; font-size: 1.7rem; line-height: 1.25; }
h1.good { color: light-dark(#1b6b3a, #6fd39a); }
h1.bad { color: light-dark(#a4161a, #ff9a9a); }
h2 { margin: 2.2rem 0 .3rem; font-size: 1.15rem; }
section > p { margin: 0 0 .4rem; color: var(--quiet); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: .8rem 2rem; margin: 0;
  padding: .9rem 1rem; background: var(--band); border-radius: 6px; }
.facts dt { color: var(--quiet); font-size: .85rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
.wide:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
table.even { table-layout: fixed; min-width: 30rem; }
.even th:first-child { width: 42%; }
tbody th, tfoot th { min-width: 8.5rem; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 1rem; }
caption { padding: .6rem 0 .3rem; text-align: left; font-weight: 600; }
th, td { padding: .4rem 1rem .4rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--quiet); font-weight: 600; font-size: .9rem; vertical-align: bottom; }
tbody th, tfoot th { font-weight: 400; }
tfoot th, tfoot td { border-bottom: 0; font-weight: 600; }
th, td { overflow-wrap: anywhere; min-width: 6.5rem; }
.n { text-align: right; font-variant-numeric: tabular-nums; min-width: 4.5rem; overflow-wrap: normal; }
.zero { color: var(--quiet); }
footer { margin-top: 2.5rem; padding-top: .8rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: .9rem; }
.sign { display: none; }
@media print {
  :root { color-scheme: light; }
  @page { margin: 18mm 15mm; }
  body { font-size: 10pt; }
  main { padding: 0; max-width: none; }
  .wide { overflow: visible; }
  .facts { background: none; border: 1px solid var(--line); }
  h2, caption { break-after: avoid; }
  thead { display: table-header-group; }
  tfoot { display: table-row-group; }
  tr { break-inside: avoid; }
  .sign { display: flex; gap: 3rem; margin-top: 3rem; }
  .sign span { flex: 1; padding-top: .3rem; border-top: 1px solid var(--text); }
}
`;
