/** Starts the processes of the bench, and reads from the operating system what they use. Linux only. */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';

/** The kernel counts CPU in ticks of 10 ms. */
const TICK_US = 10_000;

/** The fields of /proc/PID/stat after the name of the process; null once it has ended. */
function statOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ').map(Number);
  } catch {
    return null;
  }
}

/** CPU that the process has used with all of its threads, user and system, in microseconds. */
export function cpuOf(pid) {
  const [user, system] = statOf(pid).slice(11);
  return (user + system) * TICK_US;
}

/** The same of a process and its children together, those that have ended included. */
export function cpuOfFamily(pid) {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), statOf(name)]);
  const ticks = stats.map(([each, stat]) => {
    if (stat === null || (each !== pid && stat[1] !== pid)) return 0;
    const [user, system, endedUser, endedSystem] = stat.slice(11);
    return user + system + endedUser + endedSystem;
  });
  return ticks.reduce((sum, each) => sum + each, 0) * TICK_US;
}

/** CPU that the whole machine has used, and what its host took away from it, in microseconds. */
export function cpuOfMachine() {
  const [user, nice, system, , , interrupts, softInterrupts, stolen] = readFileSync('/proc/stat', 'utf8')
    .split('\n')[0]
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + interrupts + softInterrupts + stolen) * TICK_US;
}

/** Memory of the process that is in RAM, in MB. */
export function rssOf(pid) {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1_024;
}

/** A process of the bench's own, which answers each message with one. */
export class Helper {
  #child;

  constructor(file) {
    this.#child = fork(fileURLToPath(new URL(file, import.meta.url)), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  /** Its next message. @throws when the process ends instead */
  nextMessage() {
    return new Promise((resolve, reject) => {
      const end = () => reject(new Error('A process of the bench has ended.'));
      this.#child.once('exit', end);
      this.#child.once('message', (message) => {
        this.#child.off('exit', end);
        resolve(message);
      });
    });
  }

  ask(question) {
    this.#child.send(question);
    return this.nextMessage();
  }

  stop() {
    if (this.#child.connected) this.#child.disconnect();
  }
}

/** Starts a server that prints its address. @returns its process and its origin */
export async function startServer({ file, args = [], env }, folder) {
  const child = spawn(process.execPath, [file, ...args], {
    cwd: folder,
    env: { NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout) {
    output += chunk;
    const url = /http:\/\/[^/\s]+/.exec(output)?.[0];
    if (url !== undefined) return { child, url };
  }
  throw new Error(`${file} did not start.`);
}

export async function stopServer(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
