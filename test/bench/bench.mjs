/**
 * Compares this project with others that do the same work. Each server is a process of its own; in every round each is
 * visited once, in alternating order, and the CPU that it used for a message is set in relation to what the raw proxy
 * used in the same round: so what else the machine does falls out.
 *
 *     npm run bench -- --seconds 3 --rounds 5 --concurrency 1,32 --targets raw,mercurius-jit,sqlite,sqlite@../other
 *
 * Writes results.json, results.md and results.svg to `--out`; with `--write-docs` also docs/performance.md and its plot.
 */
import { cpus } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { startProgress } from '../support/progress.mjs';
import { Arena } from './arena.mjs';
import { markdownOf, median, OUT, plotOf, publish } from './report.mjs';
import { TARGETS } from './targets.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '5' },
    starts: { type: 'string', default: '3' },
    targets: { type: 'string', default: Object.keys(TARGETS).join(',') },
    concurrency: { type: 'string', default: '1,32' },
    out: { type: 'string', default: OUT },
    'write-docs': { type: 'boolean', default: false },
  },
});
const [SECONDS, ROUNDS, STARTS] = [values.seconds, values.rounds, values.starts].map(Number);
const CONCURRENCY = values.concurrency.split(',').map(Number);
const NAMES = values.targets.split(',');
/** After so many requests V8 has compiled most of what is hot; a slow disk may take too long for them. */
const WARM_UP = { connections: Math.max(...CONCURRENCY), requests: 5_000, seconds: 10 };

/** With more than this of the machine busy elsewhere, the CPU for the same work grows so much that even ratios change. */
const QUIET_CORES = 0.2;

const print = (text) => process.stdout.write(`${text}\n`);

/** Starts a target so often as asked, one at a time, and leaves the last one running. */
async function start(arena, name) {
  const starts = [];
  for (let left = STARTS; left > 0; left--) {
    const server = await arena.start(name);
    starts.push(server);
    if (left > 1) await arena.stop(server);
  }
  const [listeningMs, firstAnswerMs] = ['listeningMs', 'firstAnswerMs'].map((key) =>
    median(starts.map((each) => each[key])),
  );
  print(`started ${name}: first answer after ${firstAnswerMs.toFixed(0)} ms`);
  return { ...starts.at(-1), listeningMs, firstAnswerMs, visits: [] };
}

async function measure(arena) {
  const servers = [];
  for (const name of NAMES) servers.push(await start(arena, name));
  for (const server of servers) await arena.visit(server, WARM_UP);
  const step = startProgress('bench', ROUNDS * CONCURRENCY.length * servers.length);
  for (let round = 0; round < ROUNDS; round++) {
    for (const connections of CONCURRENCY) {
      for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
        const seen = await arena.visit(server, { connections, seconds: SECONDS });
        server.visits.push({ round, ...seen });
        step();
        const cost = `${seen.cpuUs.toFixed(0)} µs CPU a message, ${seen.perSecond.toFixed(0)} a second`;
        print(`round ${round + 1}/${ROUNDS}, ${connections} connections, ${server.name}: ${cost}`);
      }
    }
  }
  return servers;
}

/** What a server used as a multiple of what another did in the same round: the median of the rounds. */
function ratio(server, other, connections) {
  if (other === undefined) return null;
  const cpuIn = ({ visits }, round) =>
    visits.find((each) => each.round === round && each.connections === connections).cpuUs;
  return median([...Array(ROUNDS).keys()].map((round) => cpuIn(server, round) / cpuIn(other, round)));
}

function summary(servers) {
  const named = (name) => servers.find((each) => each.name === name);
  return servers.map((server) => {
    const { name, title, listeningMs, firstAnswerMs, rssBeforeMb, visits } = server;
    const at = CONCURRENCY.map((connections) => {
      const seen = visits.filter((each) => each.connections === connections);
      const medians = ['cpuUs', 'databaseCpuUs', 'perSecond', 'p50Ms', 'p99Ms'].map((key) => [
        key,
        median(seen.map((each) => each[key])),
      ]);
      const toRaw = ratio(server, named('raw'), connections);
      const toMercuriusJit = ratio(server, named('mercurius-jit'), connections);
      return { connections, toRaw, toMercuriusJit, ...Object.fromEntries(medians) };
    });
    return { name, title, listeningMs, firstAnswerMs, rssBeforeMb, rssAfterMb: visits.at(-1).rssMb, at, visits };
  });
}

const arena = await Arena.open();
try {
  const targets = summary(await measure(arena));
  const machine = `${cpus().length} × ${cpus()[0].model.trim()}, Node ${process.versions.node}`;
  const otherCores = median(targets.flatMap(({ visits }) => visits.map((each) => each.otherCores)));
  const results = { machine, otherCores, rounds: ROUNDS, seconds: SECONDS, targets };
  const texts = { json: JSON.stringify(results, null, 2), md: markdownOf(results), svg: plotOf(results) };
  publish({ name: 'results', texts, out: values.out, intoDocs: values['write-docs'] });
  print(`\n${texts.md}`);
  if (otherCores > QUIET_CORES) {
    print(`Do not rely on this: other processes kept ${otherCores.toFixed(2)} cores busy meanwhile.\n`);
  }
  const { toRaw, toMercuriusJit } = targets.find(({ name }) => name.startsWith('sqlite'))?.at.at(-1) ?? {};
  if (toRaw && toMercuriusJit)
    print(`ratio-to-raw=${toRaw.toFixed(2)} ratio-to-mercurius-jit=${toMercuriusJit.toFixed(2)}`);
} finally {
  await arena.close();
}
