/** How the diagram looks. */
export const diagramStyle = `
#diagram .tools{display:flex;gap:.35rem;margin:-2.4rem 0 .75rem;justify-content:flex-end}
.canvas{overflow:auto;max-height:85vh;background:var(--surface);border:1px solid var(--line);border-radius:8px}
.er{display:block;margin:0 auto;font:11.25px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.er text{dominant-baseline:central;fill:var(--ink);white-space:pre}
.edge,.mark{fill:none;stroke:var(--edge);stroke-width:1.3}
.mark{fill:var(--surface)}path.mark{fill:none}
.entity{text-decoration:none;cursor:pointer;outline:none}
.entity,.edge,.mark{transition:opacity .12s,stroke .12s}
.entity .box{fill:var(--surface);stroke:var(--edge);stroke-width:1}
.entity .head{fill:var(--sunken)}
.entity .name{font-size:12.5px;font-weight:650}.entity .name .note{font-size:11.25px;font-weight:400;fill:var(--quiet)}
.entity .badge{font-size:10.5px;font-weight:700}
.er .key{font-size:9.5px;fill:var(--quiet);font-weight:650}.er .type,.er .more{fill:var(--quiet)}.er .primary{font-weight:650}
.entity.P0 .box{stroke:var(--p0);stroke-width:1.6}.entity.P0 .head{fill:var(--p0-soft)}.entity.P0 .badge{fill:var(--p0)}
.entity.P1 .box{stroke:var(--p1);stroke-width:1.6}.entity.P1 .head{fill:var(--p1-soft)}.entity.P1 .badge{fill:var(--p1)}
.entity.P2 .box{stroke:var(--p2);stroke-width:1.6}.entity.P2 .head{fill:var(--p2-soft)}.entity.P2 .badge{fill:var(--p2)}
.column.P0 .flag{fill:var(--p0-soft)}.column.P1 .flag{fill:var(--p1-soft)}.column.P2 .flag{fill:var(--p2-soft)}
.column.P0 text{fill:var(--p0)}.column.P1 text{fill:var(--p1)}.column.P2 text{fill:var(--p2)}
.column.missing text{font-style:italic}.entity.missing .box{stroke-dasharray:5 4}
.entity:is(:hover,:focus-visible) .box{stroke:var(--accent);stroke-width:2.2}
.legend{font-size:.82rem;margin-top:.5rem;max-width:80ch}.sample{vertical-align:-1px}
.er:has(.linked:is(:hover,:focus-visible)) :is(.edge,.mark){stroke-opacity:.25}
.er:has(.linked:is(:hover,:focus-visible)) .entity{opacity:.4}
`
