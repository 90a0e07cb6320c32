// Who is in a room, what they are making, and inviting more.
import { useAct } from "./act.js";
import { Cover } from "./cover.js";
import { Field, problemsOf } from "./fields.js";
import { html, useState } from "./html.js";
import { explain, useText } from "./i18n.js";
import { handOver, invite, removeMember } from "./api.js";
import { mayCollaborate } from "./rooms.js";
import { useStore } from "./store.js";

export function People({ id }) {
  const t = useText();
  const profile = useStore((s) => s.profile);
  const users = useStore((s) => s.room?.users);
  const count = useStore((s) => s.room?.count);
  const members = useStore((s) => s.room?.members);
  const view = useStore((s) => s.room?.view);
  const away = members.filter((m) => !users.some((u) => u.id === m.id));
  return html`
    <aside class="people" aria-label=${t.people}>
      <section>
        <h2>${t.hereNow} <span class="hint">${count}</span></h2>
        <ul>${users.map((u) => html`<${Person} key=${u.id} person=${u} view=${view} isHere />`)}</ul>
        ${count > users.length && html`<p class="hint">${t.andMore(count - users.length)}</p>`}
      </section>
      ${away.length > 0 && html`
        <section>
          <h2>${t.away} <span class="hint">${Math.max(away.length, view.memberCount - count)}</span></h2>
          <ul>${away.map((m) => html`<${Person} key=${m.id} person=${m} view=${view} />`)}</ul>
        </section>
      `}
      ${mayCollaborate(profile) ? html`<${Invite} id=${id} />` : html`<p class="hint">${t.inviteTier(profile.tier)}</p>`}
    </aside>
  `;
}

function Person({ person, view, isHere }) {
  const t = useText();
  const me = useStore((s) => s.profile.id);
  const isMe = person.id === me;
  const isOwner = person.id === view.ownerId;
  return html`
    <li class=${"person" + (isHere ? " is-here" : "")}>
      <span class="face"><${Cover} id=${person.id} /></span>
      <span class="person-name">${person.username}${isMe && html` <span class="hint">${t.you}</span>`}</span>
      ${isOwner && html`<span class="tier">${t.owner}</span>`}
      ${view.ownerId === me && !isMe && html`<${OwnerMenu} person=${person} roomId=${view.id} />`}
    </li>
  `;
}

/** What the owner can do with a member. */
function OwnerMenu({ person, roomId }) {
  const t = useText();
  const [act, error] = useAct();
  const shut = (e) => {
    if (e.key !== "Escape") return;
    e.currentTarget.open = false;
    e.currentTarget.querySelector("summary").focus();
  };
  return html`
    <details class="person-more" onKeyDown=${shut}>
      <summary aria-label=${t.optionsFor(person.username)}>⋯</summary>
      <div>
        <button type="button" class="quiet" onClick=${act(() => handOver(roomId, person.id))}>${t.makeOwner}</button>
        <button type="button" class="quiet" onClick=${act(() => removeMember(roomId, person.id))}>${t.removeMember}</button>
        ${error && html`<p class="alert" role="alert">${explain(t, error)}</p>`}
      </div>
    </details>
  `;
}

/** What members are making right now. */
export function Songs() {
  const t = useText();
  const songs = Object.values(useStore((s) => s.room?.songs) ?? {});
  if (songs.length === 0) return null;
  return html`
    <section class="makings" aria-label=${t.inTheMaking}>
      <h2>${t.inTheMaking}</h2>
      <ul>
        ${songs.map(({ user, generationId, status, progress }) => html`
          <li class=${"making is-" + status} key=${generationId}>
            <span class="making-words"><b>${user.username}</b> <span>${t.making[status] ?? t.making.processing}</span><span class="percent">${progress} %</span></span>
            <span class="track" role="progressbar" aria-label=${t.makes(user.username)} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${progress}>
              <span class="track-fill" style=${{ transform: `scaleX(${progress / 100})` }}></span>
            </span>
          </li>
        `)}
      </ul>
    </section>
  `;
}

function Invite({ id }) {
  const t = useText();
  const [name, setName] = useState("");
  const [done, setDone] = useState("");
  const [act, error] = useAct();
  const submit = act(async () => {
    setDone("");
    const { user, status } = await invite(id, name);
    setDone(status === "member" ? t.isMember(user.username) : t.isInvited(user.username));
    setName("");
  });
  const problems = problemsOf(error);
  const said = problems.userId ? t.whom : error && explain(t, error);
  return html`
    <form class="invite" onSubmit=${submit} noValidate>
      <${Field} name="username" label=${t.invite} problems=${said ? { username: said } : {}}>
        ${(attrs) => html`<div class="invite-row">
          <input ...${attrs} value=${name} placeholder=${t.username} autocomplete="off" autocapitalize="none" spellcheck=${false} onInput=${(e) => setName(e.currentTarget.value)} />
          <button class="quiet outlined">${t.inviteSend}</button>
        </div>`}
      <//>
      <p class="hint" role="status">${done}</p>
    </form>
  `;
}
