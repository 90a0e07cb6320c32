// Who is signed in.
//
// The session of an account is kept in localStorage: the API takes bearer
// tokens and sets no cookies, people expect to be signed in after a reload and
// in a second tab, and the Content-Security-Policy lets no script but our own
// read it. An access token is good for an hour, and a refresh token that is
// used twice ends its session. The token of the embedded default is not kept:
// whoever sits at the machine is signed in anew.
import { ApiError, request } from "./http.js";

const key = "son1k.session";
const margin = 120_000; // ms before the end at which a token is renewed

/** @type {{accessToken: string, refreshToken?: string, expiresAt: number, userId: string} | null} */
let session = null;
let renewing = null;
let signedOut = () => {};

/** Calls fn whenever the session has ended without anybody asking for it. */
export function onSignedOut(fn) {
  signedOut = fn;
}

/** Whether the API has said no, rather than nothing or "not now". */
const isRefusal = (err) => [400, 401, 403, 404].includes(err.status);

const isFresh = (s) => s.expiresAt - Date.now() > margin;

/** True if nobody had to say a password. */
export const isLocal = () => session !== null && !session.refreshToken;

function stored() {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null; // storage is blocked or holds something else
  }
}

function keep(answer) {
  session = {
    accessToken: answer.accessToken,
    refreshToken: answer.refreshToken,
    expiresAt: Date.now() + answer.expiresIn * 1000,
    userId: answer.user.id,
  };
  if (session.refreshToken) store(session);
  return answer.user;
}

function store(value) {
  try {
    if (value) localStorage.setItem(key, JSON.stringify(value));
    else localStorage.removeItem(key);
  } catch {
    // The session then lasts as long as the page.
  }
}

function forget() {
  session = null;
  store(null);
}

/**
 * Picks up the session that there is, or begins the embedded default's.
 * @returns {Promise<boolean>} whether somebody is signed in
 */
export async function resume() {
  session = stored();
  try {
    if (session) {
      await token();
      return true;
    }
    return await signInLocally();
  } catch (err) {
    if (!isRefusal(err)) throw err;
    return false;
  }
}

/** Signs in whoever sits at the machine of the server; answers whether it did. */
async function signInLocally() {
  const local = await request("POST", "/auth/local");
  if (local) keep(local);
  return Boolean(local);
}

export async function login(body) {
  keep(await request("POST", "/auth/login", { body }));
}

export async function register(body) {
  keep(await request("POST", "/auth/register", { body }));
}

export async function logout() {
  const refreshToken = session?.refreshToken;
  forget();
  if (refreshToken) await request("POST", "/auth/logout", { body: { refreshToken } }).catch(() => {}); // gone here in any case
}

/** @returns {Promise<string>} an access token that is good for a while */
export async function token() {
  if (!session) throw new ApiError(401, { code: "AUTH_REQUIRED", message: "Sign in." });
  return isFresh(session) ? session.accessToken : renew(session.accessToken);
}

/** Renews the session, unless that was done since the token used. */
function renew(used) {
  renewing ??= exclusively(() => exchange(used)).finally(() => (renewing = null));
  return renewing;
}

// Tabs share a refresh token, of which each is good once; so one tab at a time
// renews and the others take over what it got. Without HTTPS there are no
// locks; the server then forgives a repetition within ten seconds.
function exclusively(fn) {
  return navigator.locks ? navigator.locks.request(key, fn) : fn();
}

async function exchange(used) {
  if (session?.refreshToken) session = stored() ?? session;
  if (session && session.accessToken !== used && isFresh(session)) return session.accessToken;
  try {
    const refreshToken = session?.refreshToken;
    if (refreshToken) keep(await request("POST", "/auth/refresh", { body: { refreshToken } }));
    else if (!(await signInLocally())) throw new ApiError(401, { code: "SESSION_INVALID", message: "Sign in again." });
    return session.accessToken;
  } catch (err) {
    if (!isRefusal(err)) throw err;
    forget();
    throw new ApiError(401, { code: "SESSION_INVALID", message: err.message });
  }
}

/** A request in the name of whoever is signed in. */
export async function authorized(method, path, options) {
  try {
    const used = await token();
    try {
      return await request(method, path, { ...options, token: used });
    } catch (err) {
      if (err.status !== 401) throw err;
      return await request(method, path, { ...options, token: await renew(used) });
    }
  } catch (err) {
    if (err.status === 401) {
      forget();
      signedOut();
    }
    throw err;
  }
}

addEventListener("storage", (e) => {
  if (e.key !== key || !session?.refreshToken) return;
  const theirs = stored();
  if (!theirs) {
    session = null;
    signedOut();
  } else if (theirs.userId !== session.userId) {
    location.reload(); // somebody else signed in, in another tab
  } else {
    session = theirs;
  }
});
