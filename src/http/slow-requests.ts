/** How long a request may take to come in: fifteen seconds, but for the few that carry a file. */
import type { Socket } from 'node:net';

/** Whoever lets a request take its time must bound that time by itself. */
const patientWith = new WeakSet<object>();

/** Lets the request that now comes in on this connection take longer. Returns a function that ends that. */
export function takeTime(socket: object): () => void {
  patientWith.add(socket);
  return () => {
    patientWith.delete(socket);
  };
}

const STATUSES: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

/** Answers what Node could not read as a request, or not in time, and ends its connection, as Node itself would. */
export function endConnection(error: Error & { readonly code: string }, socket: Socket): void {
  const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  if (error.code === 'ECONNRESET' || socket.destroyed || (isLate && patientWith.has(socket))) return;
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${STATUSES[error.code] ?? '400 Bad Request'}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
    );
  }
  socket.destroy(error);
}
