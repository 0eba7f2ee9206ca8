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

/** The process and all that it has started, directly or not, and that still run: their /proc/PID/stat by pid. */
function familyOf(pid) {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), statOf(name)])
    .filter(([, stat]) => stat !== null);
  const family = new Map();
  const add = (id) => {
    for (const [each, stat] of all) {
      if (each === id) family.set(each, stat);
      else if (stat[1] === id) add(each);
    }
  };
  add(pid);
  return family;
}

/** CPU that the process has used with all of its threads and all processes under it, user and system, in microseconds. */
export function cpuOf(pid) {
  const ticks = [...familyOf(pid).values()].map((stat) => {
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

/** Memory of the process and of all processes under it that is in RAM, in MB. What they share is counted for each. */
export function rssOf(pid) {
  const kilobytes = [...familyOf(pid).keys()].map((each) =>
    Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${each}/status`, 'utf8'))?.[1] ?? 0),
  );
  return kilobytes.reduce((sum, each) => sum + each, 0) / 1_024;
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
