import { markup, type Markup } from '../markup.ts'
import type { AffectedTable } from '../affected.ts'
import { entitiesOf, type Entity, type EntityRow, type Relation } from './entities.ts'
import type { Passage, Placed } from './boxes.ts'
import { layOut } from './layout.ts'
import { boxOf, measure, rowMiddle, shownLabel, shownName, shownType } from './shape.ts'

/** The diagram, and the style rules that light up the edges of the table at hand. */
export interface Diagram {
  readonly picture: Markup
  readonly style: string
}

/** Draws the tables and their foreign keys. `linkOf` says where a table is told of in full. Pure. */
export function drawDiagram(tables: readonly AffectedTable[], linkOf: (id: number) => string): Diagram {
  const { entities, relations } = entitiesOf(tables)
  const { width, height, boxes, passages } = layOut(entities.map(boxOf), relations)
  const placed = new Map(boxes.map((box) => [box.id, box]))
  const entityById = new Map(entities.map((entity) => [entity.id, entity]))
  const edges = relations.map((relation, index) => {
    const [from, to] = [placed.get(relation.from), placed.get(relation.to)]
    const [holder, target] = [entityById.get(relation.from), entityById.get(relation.to)]
    if (from === undefined || to === undefined || holder === undefined || target === undefined) return null
    const ends = {
      from: { box: from, y: from.y + rowMiddle(holder, relation.fromColumn) },
      to: { box: to, y: to.y + rowMiddle(target, relation.toColumn) },
    }
    return drawEdge(relation, wayOf(ends.from, ends.to, passages[index] ?? []))
  })
  const nodes = entities.map((entity) => {
    const box = placed.get(entity.id)
    return box === undefined ? null : drawEntity(entity, box, relations, linkOf(entity.id))
  })
  const [w, h] = [Math.ceil(width), Math.ceil(height)]
  return {
    picture: markup`<svg class="er" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="group" aria-label="Tables and foreign keys"><g>${edges}</g><g>${nodes}</g></svg>`,
    style: highlights(entities, relations),
  }
}

interface End {
  readonly box: Placed
  readonly y: number
}

// Out of the box sideways, level through every column on the way, and sideways into the other box.
function wayOf(from: End, to: End, passages: readonly Passage[]): string {
  if (from.box === to.box) {
    const right = from.box.x + from.box.width
    const out = right + 34
    return `M${at(right, from.y)}C${at(out, from.y)} ${at(out, to.y)} ${at(right, to.y)}`
  }
  const forward = from.box.x < to.box.x
  const start = { x: forward ? from.box.x + from.box.width : from.box.x, y: from.y }
  const end = { x: forward ? to.box.x : to.box.x + to.box.width, y: to.y }
  let here = start
  let way = `M${at(start.x, start.y)}`
  for (const { left, right, y } of forward ? passages : passages.toReversed()) {
    const [enter, leave] = forward ? [left, right] : [right, left]
    way += `${curve(here, { x: enter, y })}H${short(leave)}`
    here = { x: leave, y }
  }
  return `${way}${curve(here, end)}`
}

interface Point {
  readonly x: number
  readonly y: number
}

function curve(from: Point, to: Point): string {
  const middle = (from.x + to.x) / 2
  return `C${at(middle, from.y)} ${at(middle, to.y)} ${at(to.x, to.y)}`
}

function at(x: number, y: number): string {
  return `${short(x)} ${short(y)}`
}

function short(number: number): string {
  return String(Math.round(number * 10) / 10)
}

function drawEdge(relation: Relation, way: string): Markup {
  const { from, to, label, optional, unique } = relation
  const ends = `${unique ? 'at-most-one' : 'any-number'} ${optional ? 'optional' : 'required'}`
  return markup`<path class="edge e${from} e${to} ${ends}" d="${way}"><title>${label}</title></path>${endMark(way, 'start', unique ? 'bar' : 'foot', relation)}${endMark(way, 'end', optional ? 'ring' : 'bar', relation)}`
}

// Marks are drawn, not referred to: a marker of SVG cannot take the colour of its edge everywhere.
function endMark(way: string, end: 'start' | 'end', shape: 'foot' | 'bar' | 'ring', relation: Relation): Markup {
  const numbers = (way.match(/-?[\d.]+/g) ?? []).map(Number)
  const [x = 0, y = 0] = end === 'start' ? numbers : numbers.slice(-2)
  const [near = x] = end === 'start' ? numbers.slice(2) : numbers.slice(-4)
  const out = near >= x ? 1 : -1
  const classes = `mark e${relation.from} e${relation.to}`
  if (shape === 'ring') return markup`<circle class="${classes}" cx="${short(x + out * 6)}" cy="${short(y)}" r="3.5"/>`
  const d =
    shape === 'bar' ? `M${at(x + out * 7, y - 4.5)}v9` : `M${at(x, y - 4.5)}L${at(x + out * 9, y)}L${at(x, y + 4.5)}`
  return markup`<path class="${classes}" d="${d}"/>`
}

function drawEntity(entity: Entity, box: Placed, relations: readonly Relation[], link: string): Markup {
  const { id, label, note, missing, severity, rows, hidden } = entity
  const { head, row, edge } = measure
  const linked = relations.some(({ from, to }) => from !== to && (from === id || to === id))
  const state = `${linked ? ' linked' : ''}${missing ? ' missing' : ''}${severity === null ? '' : ` ${severity}`}`
  const heading = markup`<text class="name" x="${edge}" y="${head / 2}">${shownLabel(entity)}${note === null ? null : markup`<tspan class="note" dx="8">${note}</tspan>`}</text>`
  const badge =
    severity === null
      ? null
      : markup`<text class="badge" x="${box.width - edge}" y="${head / 2}" text-anchor="end">${severity}</text>`
  const lines = rows.map((one, index) => drawRow(one, head + index * row, box.width))
  const more =
    hidden === 0
      ? null
      : markup`<text class="more" x="${edge + measure.marks}" y="${head + (rows.length + 0.5) * row}">and ${hidden} more</text>`
  return markup`<a class="entity n${id}${state}" href="${link}" aria-label="${spoken(entity, relations)}"><g transform="translate(${short(box.x)} ${short(box.y)})"><title>${label}</title><rect class="box" width="${box.width}" height="${box.height}" rx="6"/><path class="head" d="M0 ${head}V6a6 6 0 0 1 6-6H${box.width - 6}a6 6 0 0 1 6 6V${head}z"/>${heading}${badge}${lines}${more}</g></a>`
}

function drawRow(row: EntityRow, top: number, width: number): Markup {
  const { edge, marks, row: height } = measure
  const middle = top + height / 2
  const mark = row.primary ? (row.foreign ? 'PF' : 'PK') : row.foreign ? 'FK' : null
  const state = `${row.missing ? ' missing' : ''}${row.severity === null ? '' : ` ${row.severity}`}`
  return markup`<g class="column${state}">${row.severity === null ? null : markup`<rect class="flag" x="1" y="${top}" width="${width - 2}" height="${height}"/>`}${mark === null ? null : markup`<text class="key" x="${edge}" y="${middle}">${mark}</text>`}<text class="${row.primary ? 'primary' : 'field'}" x="${edge + marks}" y="${middle}">${shownName(row)}</text><text class="type" x="${width - edge}" y="${middle}" text-anchor="end">${shownType(row)}</text><title>${row.name} ${row.type}${row.nullable ? ', may be null' : ''}</title></g>`
}

function spoken({ id, label, rows, hidden, missing, severity }: Entity, relations: readonly Relation[]): string {
  const out = relations.filter(({ from }) => from === id).length
  const into = relations.filter(({ to }) => to === id).length
  const columns = rows.length + hidden
  return [
    `Table ${label}`,
    missing ? 'missing' : `${columns} ${columns === 1 ? 'column' : 'columns'}`,
    ...(out > 0 ? [`refers to others by ${out} ${out === 1 ? 'foreign key' : 'foreign keys'}`] : []),
    ...(into > 0 ? [`is referred to by ${into}`] : []),
    ...(severity === null ? [] : [`findings up to ${severity}`]),
  ].join(', ')
}

// Without a script: while a table is pointed at or has the focus, the rest steps back.
function highlights(entities: readonly Entity[], relations: readonly Relation[]): string {
  const at = (id: number) => `.er:has(.n${id}:is(:hover,:focus-visible))`
  const rules = entities.flatMap(({ id }) => {
    const near = relations.flatMap(({ from, to }) => (from === id ? [to] : to === id ? [from] : []))
    if (near.length === 0) return []
    const shown = [...new Set([id, ...near])].map((one) => `${at(id)} .n${one}`)
    return [`${at(id)} .e${id}{stroke:var(--accent);stroke-opacity:1;stroke-width:2}`, `${shown.join(',')}{opacity:1}`]
  })
  return rules.join('\n')
}
