/** The connections upstream: direct, or through the operator's proxies. */
import { Agent, Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import { MAX_RESPONSE_BYTES } from './exchange.js';

/** A host that is up answers a SYN well within this; undici's timer may add up to one second. */
const CONNECT_TIMEOUT_MS = 3_000;
/** Connections to one host. Catapult's queue drains at a few messages a second, so more would only wait there. */
const MAX_CONNECTIONS = 64;

/** As the variables of the same names say; null for none. */
export interface Proxies {
  /** For https URLs. */
  readonly httpsProxy: string | null;
  /** For http URLs, and for https where there is no other. */
  readonly httpProxy: string | null;
  /** Hosts that need no proxy, separated by commas. */
  readonly noProxy: string | null;
}

/**
 * Through a proxy, every request uses a tunnel (CONNECT). A tunnel stands before the first byte of the request leaves,
 * so when the proxy refuses or is away, the send is known not sent.
 *
 * @param maxResponseSize of an answer's body, in bytes; what is longer breaks off.
 * @param connections to one host. More requests wait for one of these.
 */
export function openConnection(
  proxies: Proxies | null,
  maxResponseSize = MAX_RESPONSE_BYTES,
  connections = MAX_CONNECTIONS,
): Dispatcher {
  const connect = { timeout: CONNECT_TIMEOUT_MS };
  const options = {
    connections,
    allowH2: false,
    connect,
    // One clock is enough: the deadline's signal ends every wait, and undici's timers are coarse.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize,
  };
  if (proxies === null) return new Agent(options);
  return new EnvHttpProxyAgent({
    ...options,
    // An empty text keeps the library from looking at the environment by itself.
    httpProxy: proxies.httpProxy ?? '',
    httpsProxy: proxies.httpsProxy ?? '',
    noProxy: proxies.noProxy ?? '',
    proxyTunnel: true,
    proxyTls: connect,
    requestTls: connect,
    clientFactory: openProxy,
  });
}

/** The connections to the proxy itself, over which tunnels are requested. */
function openProxy(origin: URL, options: object): Dispatcher {
  // A proxy that takes the connection and then says nothing would hold it for five minutes.
  const pool = new Pool(origin, { ...options, headersTimeout: CONNECT_TIMEOUT_MS, bodyTimeout: 0 });
  const connect = async (tunnel: Dispatcher.ConnectOptions): Promise<unknown> => {
    try {
      return await Dispatcher.prototype.connect.call(pool, tunnel);
    } catch (error) {
      throw isHangUp(error) ? new HungUp() : error;
    }
  };
  return Object.assign(pool, { connect });
}

/** undici takes this code for a broken connection of the endpoint, and asks for another tunnel at once, without end. */
const isHangUp = (error: unknown): boolean => (error as { readonly code?: unknown }).code === 'UND_ERR_SOCKET';

class HungUp extends Error {
  readonly code = 'ECONNRESET';
}
