import { diagramStyle } from './diagram/diagram-style.ts'

const light =
  'color-scheme:light;--ground:#f7f7f5;--surface:#fff;--sunken:#f1f2f1;--ink:#1c2127;--quiet:#5a646e;--line:#dfe2e4;--accent:#2a5bd0;--good:#186a3b;--good-soft:#e5f4ea;--p0:#a8201a;--p0-soft:#fdeae8;--p1:#7d5200;--p1-soft:#fcf1da;--p2:#38568c;--p2-soft:#e8eef8;--edge:#8d98a3'
const dark =
  'color-scheme:dark;--ground:#121518;--surface:#1a1e22;--sunken:#14181b;--ink:#e5e8eb;--quiet:#9ba6b0;--line:#2d343a;--accent:#83aaff;--good:#7ed3a0;--good-soft:#142b1e;--p0:#ff938a;--p0-soft:#3a1c1b;--p1:#f0bd62;--p1-soft:#33270f;--p2:#9fbff5;--p2-soft:#1b2840;--edge:#66727d'

const ground = `
*{box-sizing:border-box}
html{scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em;unicode-bidi:isolate}
h1,h2,h3,h4,p,ul,ol,dl,dd,figure,pre{margin:0;padding:0}
ul,ol{list-style:none}
h1{font-size:2rem;line-height:1.15;letter-spacing:-.02em;font-weight:650;overflow-wrap:anywhere}
h2{font-size:1.2rem;letter-spacing:-.01em;font-weight:650;margin-bottom:.75rem}
h3{font-size:.95rem;font-weight:600;margin:1.25rem 0 .6rem}
h4{font-size:1rem;font-weight:600;line-height:1.4;overflow-wrap:anywhere}
a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:2px;overflow-wrap:anywhere}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
[hidden]{display:none!important}
.quiet,dt{color:var(--quiet)}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;z-index:2;background:var(--surface);padding:.4rem .8rem}
header,.page,footer{max-width:1240px;margin:0 auto;padding:0 1.5rem}
header{padding-top:2.75rem;display:grid;grid-template-columns:1fr auto;gap:1.4rem 2rem;align-items:end}
.headline{min-width:0}.verdict{margin-top:.35rem}.verdict.clean,p.clean{color:var(--good)}
.facts{display:flex;flex-wrap:wrap;gap:.3rem 2rem}.facts div{min-width:0}
.facts dt{font-size:.78rem}.facts dd{overflow-wrap:anywhere}
header .facts{grid-column:1/-1;border-top:1px solid var(--line);padding:1rem 0 1.4rem}
.tiles{display:flex;flex-wrap:wrap;gap:.5rem}
.tile{min-width:4.6rem;border-radius:8px;background:var(--surface);border:1px solid var(--line);padding:.5rem .8rem;color:var(--quiet);font-size:.8rem}
.tile a{color:inherit;text-decoration:none;display:block;margin:-.5rem -.8rem;padding:.5rem .8rem}
.tile b{display:block;font-size:1.45rem;line-height:1.2;font-weight:620;color:var(--ink);font-variant-numeric:tabular-nums}
.tile small{font-size:.65em;font-weight:400;color:var(--quiet)}.tile.none b{color:var(--quiet);font-weight:400}
.tag{display:inline-block;font-size:.74rem;line-height:1.5;font-weight:650;padding:0 .45rem;border-radius:4px;font-variant-numeric:tabular-nums}
.tag{background:var(--sunken);color:var(--quiet);justify-self:start}
.tag.P0,.tile.P0{background:var(--p0-soft);color:var(--p0)}.tag.P1,.tile.P1{background:var(--p1-soft);color:var(--p1)}.tag.P2,.tile.P2{background:var(--p2-soft);color:var(--p2)}
.tile.P0,.tile.P1,.tile.P2{border-color:transparent}.tile.P0 b,.tile.P1 b,.tile.P2 b{color:inherit}
.page{display:grid;grid-template-columns:11rem minmax(0,1fr);gap:2.5rem;align-items:start}
nav{position:sticky;top:1.25rem;font-size:.9rem}
nav li a{display:flex;justify-content:space-between;padding:.22rem 0;color:var(--ink);text-decoration:none}nav li a:hover{color:var(--accent)}
nav .tools{margin-top:1rem;padding-top:1rem;border-top:1px solid var(--line);display:grid;gap:.35rem}
nav label{font-size:.78rem;color:var(--quiet)}
input[type=search]{width:100%;font:inherit;color:inherit;background:var(--surface);border:1px solid var(--line);border-radius:6px;padding:.25rem .5rem}
button{font:inherit;font-size:.82rem;color:var(--ink);background:var(--surface);border:1px solid var(--line);border-radius:6px;padding:.2rem .65rem;cursor:pointer}button:hover{border-color:var(--quiet)}
main>section{margin-bottom:3rem}
footer{color:var(--quiet);font-size:.82rem;padding-top:1rem;padding-bottom:2.5rem}
`

const sections = `
.finding{background:var(--surface);border:1px solid var(--line);border-left:3px solid var(--p2);border-radius:8px;padding:.9rem 1.1rem 1rem;margin-bottom:.7rem}
.finding.P0{border-left-color:var(--p0)}.finding.P1{border-left-color:var(--p1)}
.finding>p{margin:.2rem 0 .6rem;max-width:75ch;overflow-wrap:anywhere}
.finding .facts{font-size:.86rem;gap:.1rem 1.6rem}.finding .facts div{display:flex;gap:.45rem;align-items:baseline}.finding .facts dt{font-size:inherit}
.group h3 .quiet{font-weight:400}
.copy{position:relative;margin-top:.7rem}
.copy figcaption{font-size:.78rem;color:var(--quiet);margin-bottom:.2rem}
.copy pre{background:var(--sunken);border:1px solid var(--line);border-radius:6px;padding:.55rem 4.6rem .55rem .75rem;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.5}
.copy button{position:absolute;right:.35rem;bottom:.32rem;padding:.05rem .5rem;font-size:.76rem}
.checklist{counter-reset:item;background:var(--surface);border:1px solid var(--line);border-radius:8px}
.checklist li{display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:center;justify-content:space-between;padding:.5rem 1rem}
.checklist li+li,.list>details+details{border-top:1px solid var(--line)}
.checklist label{flex:1 1 18rem;display:flex;gap:.6rem;align-items:baseline;overflow-wrap:anywhere}
.checklist input{accent-color:var(--accent);flex:none}
.checklist input:checked+span{color:var(--quiet);text-decoration:line-through}
.copy.inline{margin:0;max-width:100%}.copy.inline pre{padding-top:.25rem;padding-bottom:.25rem}.copy.inline button{bottom:.22rem}
.list{background:var(--surface);border:1px solid var(--line);border-radius:8px}
summary{cursor:pointer;overflow-wrap:anywhere}
.list>details>summary{padding:.5rem 1rem;display:grid;gap:.2rem 1rem;align-items:baseline;list-style:none}
.list>details>summary::-webkit-details-marker{display:none}
.list .title::before{content:"";display:inline-block;width:.38em;height:.38em;margin-right:.65em;border:solid var(--quiet);border-width:0 1.5px 1.5px 0;transform:rotate(-45deg) translate(-1px,-1px)}
.list>details[open]>summary .title::before{transform:rotate(45deg) translate(-1px,-1px)}
.list>details>:not(summary){margin:0 1rem .8rem 1.95rem}
.title{font-weight:560;min-width:0}.title .quiet{font-weight:400}
.migration>summary{grid-template-columns:minmax(0,1fr) 2.4rem 13rem 6.5rem}
.table>summary{grid-template-columns:minmax(0,1fr) auto 8rem 5rem 6rem}
.number{text-align:right;font-variant-numeric:tabular-nums;font-size:.88rem}
.migration .state{font-size:.86rem;color:var(--good)}
.migration.pending .state{color:var(--p1)}.migration.edited .state{color:var(--p0)}
.bar{width:100%;height:6px;border-radius:3px;background:var(--sunken);align-self:center}.bar rect{fill:var(--p2)}
.objects{font-size:.88rem}
.objects li{padding:.08rem 0;break-inside:avoid;overflow-wrap:anywhere}
.objects .state{display:inline-block;min-width:4.4rem;font-size:.8rem}
.objects .there .state{color:var(--good)}.objects .missing .state{color:var(--p0);font-weight:650}.objects .different .state{color:var(--p1);font-weight:650}
.migration.pending .objects .missing .state{color:var(--quiet);font-weight:400}
.objects .kind{display:inline-block;min-width:5.2rem;color:var(--quiet)}
.objects summary{list-style-position:outside;margin-left:1rem}.objects summary::marker{color:var(--line)}
.objects .copy{margin:.4rem 0 .6rem 1rem}.changes{margin-left:1rem;padding-left:4.7rem;font-size:.84rem;color:var(--quiet)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.88rem}
th,td{text-align:left;font-weight:400;padding:.25rem 1rem .25rem .3rem;border-bottom:1px solid var(--line);vertical-align:baseline;overflow-wrap:anywhere}
thead th{color:var(--quiet);font-size:.8rem}
tr.P0 th{box-shadow:inset 3px 0 var(--p0)}tr.P1 th{box-shadow:inset 3px 0 var(--p1)}tr.P2 th{box-shadow:inset 3px 0 var(--p2)}
tr.P0{background:var(--p0-soft)}tr.P1{background:var(--p1-soft)}tr.P2{background:var(--p2-soft)}tbody th{padding-left:.7rem}
#tables>p{margin-bottom:.5rem}
.table .scroll+p{font-size:.84rem}
.advice{background:var(--p2-soft);border-radius:8px;padding:.9rem 1.1rem;margin-bottom:1rem}
.history li{display:grid;grid-template-columns:10.5rem minmax(0,1fr) minmax(0,1.2fr);gap:.2rem 1rem;padding:.35rem 0;border-bottom:1px solid var(--line);font-size:.9rem}
.history time{font-variant-numeric:tabular-nums}
section:target h2,details:target>summary,.finding:target{background:color-mix(in srgb,var(--accent) 8%,transparent)}
`

const surroundings = `
@media (max-width:820px){
.page{grid-template-columns:minmax(0,1fr);gap:1.5rem}
header{grid-template-columns:minmax(0,1fr);padding-top:1.5rem}
header,.page,footer{padding-left:1rem;padding-right:1rem}
nav{position:static}nav ul{display:flex;flex-wrap:wrap;gap:0 1.1rem}nav li a{gap:.35rem}
.migration>summary{grid-template-columns:minmax(0,1fr) auto}.table>summary{grid-template-columns:minmax(0,1fr) auto auto}
.list>details>:not(summary){margin-left:1rem}
.table>summary .title,.migration>summary .title{grid-column:1/-1}.bar{grid-column:1/-1}
.number{text-align:left}
.history li{grid-template-columns:minmax(0,1fr)}.history li{gap:0}
}
@media (prefers-reduced-motion:reduce){*{transition:none!important}}
@media print{
body{font-size:10.5pt;background:#fff}
header,.page,footer{max-width:none;padding:0}header{padding-top:0}
.page{display:block}nav,.skip,.tools,.copy button{display:none!important}
.copy pre{padding-right:.75rem}
.finding,.checklist li,.objects li,tr,.history li{break-inside:avoid}h2,h3,h4{break-after:avoid}
.canvas{overflow:visible!important;max-height:none!important;border:0!important}.er{width:100%!important;height:auto!important;max-height:92vh}
#diagram{break-inside:avoid}
.scroll{overflow:visible}
}
`

/** How the page looks: light and dark, wide and narrow, on paper. */
export const style = `:root{${light}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${dark}}}
:root[data-theme=dark]{${dark}}
@media print{:root:root:root{${light};--ground:#fff}}${ground}${sections}${diagramStyle}${surroundings}`
