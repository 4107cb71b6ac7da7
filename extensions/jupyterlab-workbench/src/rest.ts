import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { IField } from './documents';

/** An answer of the workbench that is an error. */
export class RestError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: IField[] = []
  ) {
    super(message);
  }
}

/** Arguments behind the question mark; a list is repeated. */
export type Query = {
  [name: string]: string | number | boolean | string[] | undefined;
};

/** The workbench's REST interface. */
export class Rest {
  constructor(readonly settings: ServerConnection.ISettings) {}

  /** The address of a resource. */
  url(path: string[], query: Query = {}): string {
    const base = URLExt.join(
      this.settings.baseUrl,
      'workbench/api',
      ...path.map(encodeURIComponent)
    );
    const pairs = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one !== undefined && one !== '') {
          pairs.append(name, String(one));
        }
      }
    }
    return pairs.size ? `${base}?${pairs}` : base;
  }

  async get<T>(path: string[], query?: Query): Promise<T> {
    return this.request<T>('GET', path, { query });
  }

  async post<T>(path: string[], body: unknown = {}): Promise<T> {
    return this.request<T>('POST', path, {
      body: JSON.stringify(body),
      type: 'application/json'
    });
  }

  async patch<T>(path: string[], body: unknown): Promise<T> {
    return this.request<T>('PATCH', path, {
      body: JSON.stringify(body),
      type: 'application/json'
    });
  }

  async delete(path: string[]): Promise<void> {
    await this.request<void>('DELETE', path, {});
  }

  /** Send a file as it is. */
  async upload<T>(path: string[], query: Query, file: Blob): Promise<T> {
    return this.request<T>('POST', path, {
      query,
      body: file,
      type: 'application/octet-stream'
    });
  }

  /** Bytes and their headers; none where they are still those of `etag`. */
  async bytes(
    path: string[],
    etag: string
  ): Promise<{ bytes: Uint8Array | null; headers: Headers }> {
    const known: Record<string, string> = etag ? { 'If-None-Match': etag } : {};
    const response = await this._send('GET', path, { headers: known });
    if (!response.ok && response.status !== 304) {
      throw failure(response, parsed(await response.text()));
    }
    const whole = response.ok ? await response.arrayBuffer() : null;
    return {
      bytes: whole && new Uint8Array(whole),
      headers: response.headers
    };
  }

  private async request<T>(
    method: string,
    path: string[],
    options: { query?: Query; body?: BodyInit; type?: string }
  ): Promise<T> {
    const response = await this._send(method, path, {
      ...options,
      headers: options.type ? { 'Content-Type': options.type } : {}
    });
    if (response.status === 204) {
      return undefined as T;
    }
    const text = await response.text();
    const document = parsed(text);
    if (!response.ok) {
      throw failure(response, document);
    }
    return document as T;
  }

  private async _send(
    method: string,
    path: string[],
    options: {
      query?: Query;
      body?: BodyInit;
      headers: Record<string, string>;
    }
  ): Promise<Response> {
    const { query, body, headers } = options;
    try {
      return await ServerConnection.makeRequest(
        this.url(path, query),
        { method, body, headers },
        this.settings
      );
    } catch (error) {
      throw new RestError(
        0,
        'no_server',
        'The Jupyter server does not answer. Runs go on without it.'
      );
    }
  }
}

function parsed(text: string): any {
  try {
    return JSON.parse(text);
  } catch (error) {
    return { message: text.slice(0, 200) };
  }
}

function failure(response: Response, document: any): RestError {
  const told = document?.error;
  if (told?.message) {
    return new RestError(
      response.status,
      told.code,
      told.message,
      told.fields ?? []
    );
  }
  if (response.status === 403) {
    const message =
      'You are no longer logged in: reload the page and log in again.';
    return new RestError(403, 'login', message);
  }
  const message = `The server answered ${response.status} ${response.statusText}.`;
  return new RestError(response.status, 'http', message);
}
