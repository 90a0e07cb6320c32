// Signing in to a local account, or making one.
import { Cover } from "./cover.js";
import { Field, focusProblem, problemsOf } from "./fields.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { explain, useText } from "./i18n.js";
import { login, register } from "./session.js";

export function SignIn({ onEnter }) {
  const t = useText();
  const form = useRef(null);
  const [isNew, setNew] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  useEffect(() => error && focusProblem(form.current), [error]);

  const submit = async (e) => {
    e.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(null);
    const body = Object.fromEntries(new FormData(form.current));
    try {
      await (isNew ? register(body) : login(body));
      await onEnter();
    } catch (err) {
      setError(err);
      setBusy(false);
    }
  };
  const change = () => {
    setNew(!isNew);
    setError(null);
  };
  const problems = problemsOf(error);
  const input = (type, autocomplete) => (attrs) => html`
    <input ...${attrs} type=${type} autocomplete=${autocomplete} autocapitalize="none" spellcheck=${false} />
  `;
  return html`
    <main class="signin">
      <div class="signin-art"><${Cover} id="bolero" /><${Cover} id="cumbia" /><${Cover} id="waltz" /></div>
      <form class="panel" ref=${form} onSubmit=${submit} noValidate>
        <h1>${isNew ? t.register : t.signIn}</h1>
        <p class="lead">${t.signInHint}</p>
        ${error && html`<p class="alert" role="alert">${explain(t, error)}</p>`}
        ${isNew
          ? html`
              <${Field} key="email" name="email" label=${t.email} problems=${problems}>${input("email", "email")}<//>
              <${Field} key="username" name="username" label=${t.username} problems=${problems}>${input("text", "username")}<//>
            `
          : html`<${Field} key="login" name="login" label=${t.login} problems=${problems}>${input("text", "username")}<//>`}
        <${Field} key="password" name="password" label=${t.password} hint=${isNew && t.passwordHint} problems=${problems}>
          ${input("password", isNew ? "new-password" : "current-password")}
        <//>
        <button class="primary" aria-disabled=${String(busy)}>${isNew ? t.register : t.signIn}</button>
        <p class="swap">
          ${isNew ? t.toSignIn : t.toRegister}${" "}
          <button type="button" class="link" onClick=${change}>${isNew ? t.signIn : t.register}</button>
        </p>
      </form>
    </main>
  `;
}
