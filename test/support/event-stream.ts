/** A client of server-sent events that reads one event after the other, when it likes. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';

export interface ServerSentEvent {
  readonly event: string;
  readonly data: {
    data?: Record<string, unknown> | null;
    errors?: { message: string; extensions: { code: string } }[];
  };
}

export interface Asked {
  readonly query?: string;
  readonly variables?: object;
  readonly [member: string]: unknown;
}

export class EventReader {
  readonly response: IncomingMessage;
  /** What was said and is not made of whole events: comments, and the beginning of the next event. */
  comments = 0;
  #text = '';

  private constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('error', () => undefined);
  }

  /** Asks by POST, and resolves once the answer begins. */
  static async open(url: string, asked: Asked, headers: Record<string, string> = {}): Promise<EventReader> {
    const outgoing = httpRequest(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    });
    outgoing.on('error', () => undefined);
    outgoing.end(JSON.stringify(asked));
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    return new EventReader(response);
  }

  get status(): number {
    return this.response.statusCode ?? 0;
  }

  /** The next event; `end` where the stream ended in good order, `cut` where it did not. */
  async next(): Promise<ServerSentEvent | 'end' | 'cut'> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        if (block.startsWith(':')) this.comments += 1;
        else return eventIn(block);
        continue;
      }
      const chunk = this.response.read() as string | null;
      if (chunk !== null) this.#text += chunk;
      else if (this.response.readableEnded) return 'end';
      else if (this.response.destroyed) return this.response.complete ? 'end' : 'cut';
      else await Promise.race(['readable', 'end', 'close'].map((event) => once(this.response, event)));
    }
  }

  /** All events to the end of the stream. */
  async rest(): Promise<(ServerSentEvent | 'end' | 'cut')[]> {
    const all: (ServerSentEvent | 'end' | 'cut')[] = [];
    do all.push(await this.next());
    while (typeof all.at(-1) === 'object');
    return all;
  }

  /** The body of an answer that is no stream. */
  async body(): Promise<{ errors?: { message: string; extensions: { code: string } }[] }> {
    let text = '';
    for await (const chunk of this.response) text += chunk as string;
    return JSON.parse(text) as never;
  }

  end(): void {
    this.response.destroy();
  }
}

function eventIn(block: string): ServerSentEvent {
  const fields = new Map(block.split('\n').map((line) => [line.split(':', 1)[0], line.replace(/^\w+: ?/, '')]));
  const data = fields.get('data') ?? '';
  return {
    event: fields.get('event') ?? 'message',
    data: (data === '' ? {} : JSON.parse(data)) as ServerSentEvent['data'],
  };
}

/** Its events, in one line each: the name, and the code of a failure or the data. */
export function linesOf(events: readonly (ServerSentEvent | 'end' | 'cut')[]): string[] {
  return events.map((event) => {
    if (typeof event === 'string') return event;
    const { data, errors } = event.data;
    return [event.event, errors?.[0]?.extensions.code, data == null ? undefined : JSON.stringify(data)]
      .filter((part) => part !== undefined)
      .join(' ');
  });
}
