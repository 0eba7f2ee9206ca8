/** Proxies for CONNECT that run in a process of their own and tell everything that they see. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const PROCESS = new URL('./proxy-process.mjs', import.meta.url).pathname;

/** What a proxy does with one CONNECT; proxy-process.mjs says what each of them means. */
export type ProxyBehaviour =
  | 'tunnel'
  | `refuse ${number}`
  | `demand ${string}`
  | 'silence'
  | 'hold'
  | 'hang up'
  | 'reset'
  | 'babble'
  | 'cut'
  | 'swallow'
  | 'cut answer';

export interface ConnectRequest {
  /** Host and port. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a proxy saw up to now. */
export interface ProxyRecord {
  readonly connects: readonly ConnectRequest[];
  /** Everything that clients wrote into tunnels. */
  readonly passed: string;
}

export interface TestProxy {
  readonly url: string;
  record(): Promise<ProxyRecord>;
  /** Resolves once there were so many CONNECTs. */
  connected(count: number): Promise<void>;
  /** Resolves once so many tunnels were opened. */
  opened(count: number): Promise<void>;
  /** Resolves once so many connections that had sent a CONNECT are gone, on both sides. */
  closed(count: number): Promise<void>;
  /** Opens the tunnels that are held. */
  release(): void;
  /** Ends the tunnels that are open. */
  cut(): void;
  close(): Promise<void>;
}

export interface ProxyProcess {
  /** Starts a proxy that meets the first CONNECT, the second and so on as `behaviours` say; the last is for the rest. */
  open(...behaviours: [ProxyBehaviour, ...ProxyBehaviour[]]): Promise<TestProxy>;
  close(): Promise<void>;
}

/** One thing that happened. */
interface Event {
  readonly id: number;
  readonly port?: number;
  readonly connect?: ConnectRequest;
  readonly opened?: string;
  readonly passed?: string;
  readonly closed?: string;
  readonly synced?: true;
  readonly ended?: true;
}

export function startProxyProcess(): ProxyProcess {
  const child = spawn(process.execPath, [PROCESS], { stdio: ['pipe', 'pipe', 'inherit'] });
  const tellers: ((event: Event) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as Event;
    tellers[event.id]?.(event);
  });
  return {
    async open(...behaviours) {
      const id = tellers.length;
      const events = new EventList();
      tellers.push((event) => {
        events.add(event);
      });
      const order = (name: string, details = {}): void => {
        child.stdin.write(`${JSON.stringify({ id, order: name, ...details })}\n`);
      };
      order('open', { behaviours });
      await events.until('port', 1);
      return {
        url: `http://127.0.0.1:${String(events.all('port')[0])}`,
        async record() {
          // What the proxy saw before it reads this order, it has told before it answers.
          const synced = events.until('synced', events.all('synced').length + 1);
          order('sync');
          await synced;
          return { connects: events.all('connect'), passed: events.all('passed').join('') };
        },
        connected: (count) => events.until('connect', count),
        opened: (count) => events.until('opened', count),
        closed: (count) => events.until('closed', count),
        release() {
          order('release');
        },
        cut() {
          order('cut');
        },
        async close() {
          order('close');
          await events.until('ended', 1);
        },
      };
    },
    async close() {
      const gone = once(child, 'close');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

class EventList {
  readonly #events: Event[] = [];
  readonly #waiting = new Set<() => void>();

  add(event: Event): void {
    this.#events.push(event);
    for (const look of this.#waiting) look();
  }

  all<Name extends keyof Event>(name: Name): NonNullable<Event[Name]>[] {
    return this.#events.flatMap((event) => event[name] ?? []);
  }

  until(name: keyof Event, count: number): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.all(name).length < count) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}
