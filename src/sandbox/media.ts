/** The sandbox's store of files, in memory: PUT, GET and DELETE `/users/{userId}/media/{name}`, and a list of all. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as answers from './answers.js';
import type { Answer } from './answers.js';
import { readBody, respond } from './exchange.js';

/** 3.75 MB, as the vendor's reference has it. */
export const MAX_FILE_BYTES = 3_750_000;
/** As many as one page of the vendor's list has; then the oldest goes. */
const MAX_FILES = 1_000;
/** All files together; then the oldest goes, so that a long demo does not fill the memory. */
const MAX_BYTES = 64 * 1024 * 1024;
const KEPT_MS = 48 * 3_600_000;

export interface MessageFile {
  readonly name: string;
  readonly contentType: string;
  readonly body: Buffer;
}

interface StoredFile {
  readonly contentType: string;
  readonly body: Buffer;
  readonly endsAtMs: number;
}

export class SandboxMedia {
  /** The path of the list; files lie below it. */
  readonly path: string;
  /** The oldest first. Names are taken as they are, since the vendor's store knows no percent-encoding. */
  readonly #files = new Map<string, StoredFile>();
  readonly #now: () => number;
  readonly #maxFiles: number;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(path: string, { now = Date.now, maxFiles = MAX_FILES, maxBytes = MAX_BYTES } = {}) {
    this.path = path;
    this.#now = now;
    this.#maxFiles = maxFiles;
    this.#maxBytes = maxBytes;
  }

  /** Answers a request for this store, whose credentials are right. */
  async answer(request: IncomingMessage, response: ServerResponse, origin: string): Promise<void> {
    const { method = '', url = '' } = request;
    const name = url.slice(this.path.length + 1);
    for (const [each, { endsAtMs }] of this.#files) if (endsAtMs <= this.#now()) this.#delete(each);
    if (method === 'PUT' && name !== '') respond(response, await this.#take(name, request));
    else if (method === 'GET' && name === '') respond(response, this.#list(origin));
    else if (method === 'GET') this.#give(name, response);
    else if (method === 'DELETE' && name !== '') {
      this.#delete(name);
      respond(response, answers.noContent());
    } else respond(response, answers.methodNotAllowed(method));
  }

  /** Stores the files that a telephone sends with this message; returns their paths. */
  addFiles(messageId: string, files: readonly MessageFile[]): string[] {
    return files.map(({ name, contentType, body }, index) => {
      this.#put(`${messageId}/${index}/${name}`, contentType, body);
      return `${this.path}/${messageId}/${index}/${name}`;
    });
  }

  /** The file that a URL names, whatever host it says; null if it is none of this store, or is gone. */
  fileAt(url: string): Pick<MessageFile, 'contentType' | 'body'> | null {
    const { pathname } = URL.canParse(url) ? new URL(url) : { pathname: '' };
    const file = pathname.startsWith(`${this.path}/`)
      ? this.#files.get(pathname.slice(this.path.length + 1))
      : undefined;
    return file === undefined || file.endsAtMs <= this.#now() ? null : file;
  }

  async #take(name: string, request: IncomingMessage): Promise<Answer> {
    // A request that breaks off ends in an error here, and nothing of it is stored.
    const body = await readBody(request, MAX_FILE_BYTES);
    if (body === null) return answers.tooLarge();
    this.#put(name, request.headers['content-type'] ?? 'application/octet-stream', body);
    return answers.noContent();
  }

  #put(name: string, contentType: string, body: Buffer): void {
    this.#delete(name);
    this.#files.set(name, { contentType, body, endsAtMs: this.#now() + KEPT_MS });
    this.#bytes += body.length;
    for (const oldest of this.#files.keys()) {
      if (this.#files.size <= this.#maxFiles && this.#bytes <= this.#maxBytes) return;
      this.#delete(oldest);
    }
  }

  #delete(name: string): void {
    this.#bytes -= this.#files.get(name)?.body.length ?? 0;
    this.#files.delete(name);
  }

  #give(name: string, response: ServerResponse): void {
    const file = this.#files.get(name);
    if (file === undefined) respond(response, answers.objectNotFound());
    else
      response.writeHead(200, { 'content-type': file.contentType, 'content-length': file.body.length }).end(file.body);
  }

  #list(origin: string): Answer {
    const files = [...this.#files].map(([mediaName, { body }]) => ({
      contentLength: body.length,
      mediaName,
      content: `${origin}${this.path}/${mediaName}`,
    }));
    return answers.mediaList(files);
  }
}
