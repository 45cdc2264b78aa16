/** What is said of a span or of a measurement; nothing that a user wrote as a value, and no secret. */
export type Attributes = Readonly<Record<string, string | number | boolean>>

/** A span under way. */
export interface Span {
  /** Says more about it, such as how many rows it came to. */
  set(attributes: Attributes): void
  /** Notes that it failed, by the code of the failure, where the work returns one instead of throwing it. */
  fail(error: unknown): void
}

/** What tells another process of a trace, as headers of HTTP do: `traceparent`, unless the SDK is told to use others. */
export type TraceCarrier = Readonly<Record<string, string>>

/** What a span stands for, and below which other one it belongs. */
export interface SpanPlace {
  /** Internal unless said. */
  readonly kind?: 'server' | 'client' | 'consumer'
  /** Reads what another process, or an earlier moment, has told of its trace; asked where no span is around this one. */
  readonly carrier?: (name: string) => string | null | undefined
  /** Whether a span that happens to be around this one is of other work, and none that it belongs to. */
  readonly apart?: boolean
}

/** Everything that is measured: the kind of each instrument, its unit, and what it is. */
export const metrics = {
  'metastore.migrations': { kind: 'counter', unit: '{migration}', description: 'Migrations applied or rolled back.' },
  'metastore.migration.duration': { kind: 'histogram', unit: 's', description: 'How long one migration took.' },
  'metastore.lock.wait.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'How long was waited for the migration lock.',
  },
  'metastore.backfill.rows': { kind: 'counter', unit: '{row}', description: 'Rows that backfills brought up to date.' },
  'metastore.backfill.pause.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'How long backfills paused for replicas or a maintenance window.',
  },
  'metastore.seed.files': { kind: 'counter', unit: '{file}', description: 'Files of seeds applied.' },
  'metastore.seed.rows': {
    kind: 'counter',
    unit: '{row}',
    description: 'Rows that seeds inserted, changed or removed.',
  },
  // The name is that of OpenTelemetry, so that what others draw of HTTP servers fits.
  'http.server.request.duration': { kind: 'histogram', unit: 's', description: 'How long answers took to begin.' },
  'metastore.run.duration': { kind: 'histogram', unit: 's', description: 'How long an attempt to execute a run took.' },
  'metastore.cron.occurrences': { kind: 'counter', unit: '{occurrence}', description: 'Times of crons that came.' },
  'metastore.webhook.attempts': {
    kind: 'counter',
    unit: '{attempt}',
    description: 'Attempts to send a message to a webhook.',
  },
} as const satisfies Record<string, { kind: 'counter' | 'histogram'; unit: string; description: string }>

/** The name of an instrument. */
export type MetricName = keyof typeof metrics

/** Where spans and measurements go. */
export interface Telemetry {
  /** Does work in a span, which is a child of the one around it unless `place` says otherwise; what is thrown is noted by its code alone. */
  span<T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>, place?: SpanPlace): Promise<T>
  /** What tells others of the span around; undefined where there is none. */
  carrier(): TraceCarrier | undefined
  /** Does work, and all that it begins, as if there were no span around it. */
  detached<T>(work: () => T): T
  /** Adds to a counter, or notes a value in a histogram; durations are in seconds. */
  measure(metric: MetricName, value: number, attributes?: Attributes): void
  /** Sends what is still held back, before the process ends. Never throws. */
  flush(): Promise<void>
}

/** Telemetry that goes nowhere, and costs nothing. */
export const noTelemetry: Telemetry = {
  span: (_name, _attributes, work) => work(noSpan),
  carrier: () => undefined,
  detached: (work) => work(),
  measure: () => {},
  flush: () => Promise.resolve(),
}

const noSpan: Span = { set: () => {}, fail: () => {} }
