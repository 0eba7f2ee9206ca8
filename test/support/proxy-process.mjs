/**
 * Proxies for CONNECT, in a process of their own. Each proxy has a list of behaviours, one for each CONNECT in the order
 * in which they come; the last one holds for all that follow:
 *
 *     tunnel            connects to the endpoint, says 200 and passes on what comes; 502 if the endpoint is away
 *     refuse <status>   says no
 *     demand <value>    says 407, and opens the tunnel for those whose Proxy-Authorization is this value
 *     silence           takes the CONNECT and never answers
 *     hold              as tunnel, but not before it is told to
 *     hang up           ends the connection (FIN) in place of an answer
 *     reset             resets the connection (RST) in place of an answer
 *     babble            answers, but no HTTP
 *     cut               says 200 and ends the connection in the same breath
 *     swallow           says 200, takes the first bytes of the client, passes none on and ends the connection
 *     cut answer        as tunnel, but ends the connection in place of the first bytes of the endpoint's answer
 *
 * Orders come as lines of JSON on the standard input, each with the proxy's id: `open` starts a proxy, `release` opens
 * the tunnels that it holds, `cut` ends its open ones, `sync` is just answered, `close` ends it. A line of JSON with the
 * id is printed for everything that happens, in order. The process ends when its standard input does.
 */
import { connect, createServer } from 'node:net';
import { exit, stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline';

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

const answer = (status, ...headers) =>
  [`HTTP/1.1 ${status} From the proxy`, 'content-length: 0', ...headers].join('\r\n') + '\r\n\r\n';

class Proxy {
  #id;
  #behaviours;
  #server;
  #sockets = new Set();
  /** The clients' ends of the open tunnels. */
  #tunnels = new Set();
  #held = [];
  #isReleased = false;
  #connects = 0;

  constructor(id, behaviours) {
    this.#id = id;
    this.#behaviours = behaviours;
    this.#server = createServer((socket) => this.#receive(socket)).listen(0, '127.0.0.1', () => {
      this.#say({ port: this.#server.address().port });
    });
  }

  release() {
    this.#isReleased = true;
    for (const open of this.#held.splice(0)) open();
  }

  cut() {
    for (const socket of this.#tunnels) socket.end();
  }

  sync() {
    this.#say({ synced: true });
  }

  close() {
    this.#server.close(() => this.#say({ ended: true }));
    for (const socket of this.#sockets) socket.destroy();
  }

  #say(event) {
    stdout.write(`${JSON.stringify({ id: this.#id, ...event })}\n`);
  }

  /** Waits for the head of a CONNECT. */
  #receive(socket) {
    let head = '';
    const onData = (chunk) => {
      head += chunk.toString('latin1');
      // A client that speaks TLS is at the wrong address, and would wait for ever.
      if (!head.startsWith('CONNECT '.slice(0, head.length))) socket.destroy();
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', onData);
      const [line, ...fields] = head.trimEnd().split('\r\n');
      const target = line.split(' ')[1];
      const headers = Object.fromEntries(
        fields.map((field) => [field.split(':', 1)[0].toLowerCase(), field.replace(/^[^:]*:\s*/, '')]),
      );
      const behaviour = this.#behaviours[Math.min(this.#connects++, this.#behaviours.length - 1)];
      this.#say({ connect: { target, headers } });
      socket.on('close', () => this.#say({ closed: target }));
      this.#behave(behaviour, socket, target, headers);
    };
    this.#sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
    socket.on('data', onData);
  }

  #behave(behaviour, socket, target, headers) {
    const [, kind, value] = /^(refuse|demand)? ?(.*)$/.exec(behaviour);
    if (kind === 'refuse') return socket.end(answer(value));
    if (kind === 'demand') {
      return headers['proxy-authorization'] === value
        ? this.#tunnel(socket, target, behaviour)
        : socket.end(answer(407, 'proxy-authenticate: Basic realm="proxy"'));
    }
    switch (behaviour) {
      case 'tunnel':
      case 'cut answer':
        return this.#tunnel(socket, target, behaviour);
      case 'hold':
        if (this.#isReleased) return this.#tunnel(socket, target, behaviour);
        return this.#held.push(() => this.#tunnel(socket, target, behaviour));
      case 'silence':
        return socket.resume();
      case 'hang up':
        return socket.resume().end();
      case 'reset':
        return socket.resetAndDestroy();
      case 'babble':
        return socket.resume().end('SSH-2.0-proxy\r\n\r\n');
      case 'cut':
        return socket.resume().end(ESTABLISHED);
      case 'swallow':
        socket.write(ESTABLISHED);
        return socket.once('data', (chunk) => {
          this.#say({ passed: chunk.toString('latin1') });
          socket.end();
        });
      default:
        throw new Error(`No such behaviour: ${behaviour}`);
    }
  }

  #tunnel(socket, target, behaviour) {
    const colon = target.lastIndexOf(':');
    const endpoint = connect(Number(target.slice(colon + 1)), target.slice(0, colon));
    socket.on('close', () => {
      this.#tunnels.delete(socket);
      endpoint.destroy();
    });
    endpoint.on('error', () => socket.end(this.#tunnels.has(socket) ? '' : answer(502)));
    endpoint.on('connect', () => {
      this.#tunnels.add(socket);
      socket.write(ESTABLISHED);
      socket.on('data', (chunk) => {
        this.#say({ passed: chunk.toString('latin1') });
        endpoint.write(chunk);
      });
      endpoint.on('data', (chunk) => (behaviour === 'cut answer' ? socket.end() : socket.write(chunk)));
      endpoint.on('end', () => socket.end());
      this.#say({ opened: target });
    });
  }
}

const proxies = new Map();

createInterface({ input: stdin })
  .on('line', (line) => {
    const { id, order, behaviours } = JSON.parse(line);
    if (order === 'open') proxies.set(id, new Proxy(id, behaviours));
    else proxies.get(id)[order]();
  })
  .on('close', () => exit());
