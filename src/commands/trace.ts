/** `trace`: a message's life, by any of its ids. */
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { TraceQuery } from '../messaging/ports.js';
import { masked, traceOf, type TraceEvent } from '../messaging/trace.js';
import { withStore } from './sends.js';
import { UsageError, type Command } from './shell.js';

const ARGUMENTS = 'ID [--json] [--show-numbers], or trace --key KEY --caller NAME …';

interface TraceRequest {
  readonly query: TraceQuery;
  /** A line of JSON for each event. */
  readonly asJson: boolean;
  /** Numbers as they are; else only their beginnings and ends. */
  readonly showsNumbers: boolean;
}

export const trace: Command = {
  usage: ARGUMENTS,
  summary: "prints a message's life, by any of its ids or by its key",
  async run({ args, environment, print }) {
    const request = readRequest(args);
    if (request === null) throw new UsageError(`Usage: trace ${ARGUMENTS}`);
    const { query, asJson, showsNumbers } = request;
    const show = showsNumbers ? (number: string): string => number : masked;
    await withStore(environment, async (store) => {
      const { events } = await traceOf(store, query, { now: Date.now(), show });
      if (events.length === 0) throw new UsageError('Nothing is known of it here.');
      print(events.map((event) => `${asJson ? inJson(event) : inWords(event)}\n`).join(''));
    });
  },
};

/** What the arguments ask for; null where they cannot be read. */
function readRequest(args: readonly string[]): TraceRequest | null {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const options = { key: text, caller: text, json: flag, 'show-numbers': flag };
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const query = queryOf(positionals, values);
    return query === null ? null : { query, asJson: values.json, showsNumbers: values['show-numbers'] };
  } catch {
    // An option that is not known.
    return null;
  }
}

function queryOf(
  positionals: readonly string[],
  { key, caller }: { readonly key?: string | undefined; readonly caller?: string | undefined },
): TraceQuery | null {
  const [id, ...rest] = positionals;
  if (rest.length > 0) return null;
  if (id !== undefined) return key === undefined && caller === undefined && id !== '' ? { id } : null;
  if (key === undefined || caller === undefined) return null;
  return { caller, keyHash: createHash('sha256').update(key).digest('hex') };
}

const inJson = ({ atMs, sendId, kind: what, text }: TraceEvent): string =>
  JSON.stringify({ at: isoOf(atMs), sendId, what, text });
const inWords = ({ atMs, kind, sendId, text }: TraceEvent): string =>
  `${isoOf(atMs)}  ${kind.padEnd(9)}  ${sendId ?? '-'}  ${text.replace(UNPRINTABLE, escaped)}`;
/** Names and reasons are others' words: they must not end the line, nor tell the terminal what to do. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}]/gu;
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
const isoOf = (timeMs: number): string => new Date(timeMs).toISOString();
