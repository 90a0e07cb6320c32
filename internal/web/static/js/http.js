// One request to the API and its errors. It knows nothing of who is signed in.

/** What the API, or the way to it, answered instead of data. */
export class ApiError extends Error {
  /**
   * @param {number} status 0: there was no answer
   * @param {{code: string, message: string, details?: {field: string, message: string}[]}} error
   */
  constructor(status, error) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.details = error.details ?? [];
  }
}

const patience = 15_000; // ms

/**
 * @param {string} method
 * @param {string} path below /api
 * @param {{body?: object, token?: string, headers?: Record<string, string>}} [options]
 * @returns {Promise<any>} the data of the answer
 */
export async function request(method, path, { body, token, headers } = {}) {
  let response, text;
  try {
    response = await fetch("/api" + path, {
      method,
      headers: {
        ...(body && { "Content-Type": "application/json" }),
        ...(token && { Authorization: "Bearer " + token }),
        ...headers,
      },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(patience),
    });
    text = await response.text();
  } catch (cause) {
    throw new ApiError(0, { code: "UNREACHABLE", message: String(cause) });
  }
  let answer;
  try {
    answer = text ? JSON.parse(text) : {};
  } catch {
    answer = {}; // a proxy's page, say
  }
  if (!response.ok) {
    throw new ApiError(response.status, answer.error ?? { code: "HTTP_" + response.status, message: response.statusText });
  }
  return answer.data;
}
