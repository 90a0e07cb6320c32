// Labelled form fields with their hint and what is wrong with them.
import { html, useId } from "./html.js";
import { explainProblem, useText } from "./i18n.js";

/**
 * A field. Its control gets id and the ARIA attributes.
 * @param {{label: string, name: string, hint?: any, aside?: any, problems?: Record<string, string>, children: (attrs: object) => any}} props
 */
export function Field({ label, name, hint, aside, problems, children }) {
  const t = useText();
  const id = useId();
  const problem = problems?.[name];
  const described = [problem && id + "p", hint && id + "h"].filter(Boolean).join(" ");
  const attrs = { id, name, "aria-invalid": problem ? "true" : undefined, "aria-describedby": described || undefined };
  return html`
    <div class="field">
      <div class="field-head"><label for=${id}>${label}</label>${aside}</div>
      ${children(attrs)}
      ${problem && html`<p class="problem" id=${id + "p"}>${explainProblem(t, problem)}</p>`}
      ${hint && html`<p class="hint" id=${id + "h"}>${hint}</p>`}
    </div>
  `;
}

/** What is wrong, by field, from an error of the API. */
export const problemsOf = (err) => Object.fromEntries((err?.details ?? []).map((d) => [d.field, d.message]));

/** Puts the keyboard where the first problem is. */
export function focusProblem(form) {
  form?.querySelector('[aria-invalid="true"]')?.focus();
}
