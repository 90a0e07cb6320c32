// The page of rooms: make one, be invited, find one.
import { useAct } from "./act.js";
import { Cover } from "./cover.js";
import { Field, focusProblem, problemsOf } from "./fields.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { explain, useText } from "./i18n.js";
import { Icon } from "./icons.js";
import { create, decline, join, load, mayCollaborate } from "./rooms.js";
import { go, roomHref } from "./route.js";
import { useStore } from "./store.js";

const typing = 300; // ms without a key after which the search starts

export function RoomList() {
  const t = useText();
  const link = useStore((s) => s.link);
  useEffect(() => {
    if (link !== "offline") load(); // and again after a reconnection
  }, [link === "online"]);
  const { mine, open, invitations, loaded, loading, error, total, q } = useStore((s) => s.rooms);
  const others = open.filter((r) => !mine.some((m) => m.id === r.id));
  return html`
    <main class="studio rooms">
      <h1 tabindex="-1">${t.roomsHeadline}</h1>
      ${invitations.length > 0 && html`<${Group} title=${t.invitations}>${invitations.map((i) => html`<${Invitation} key=${i.room.id} invitation=${i} />`)}<//>`}
      <section class="create" aria-label=${t.createRoom}><${CreateRoom} /></section>
      <div class="songs" aria-busy=${String(loading)}>
        ${error && html`<div class="alert" role="alert">${t.roomsFailed} ${explain(t, error)} <button type="button" class="link" onClick=${() => load()}>${t.tryNow}</button></div>`}
        <${Group} title=${t.myRooms}>
          ${mine.map((r) => html`<${RoomCard} key=${r.id} room=${r} />`)}
          ${mine.length === 0 && html`<p class="empty">${loaded ? t.noRooms : t.loading}</p>`}
        <//>
        <${Group} title=${t.openRooms} aside=${html`<${Search} q=${q} />`}>
          ${others.map((r) => html`<${RoomCard} key=${r.id} room=${r} isOpen />`)}
          ${loaded && others.length === 0 && html`<p class="empty">${q ? t.noRoomMatches : t.noOpenRooms}</p>`}
        <//>
        ${open.length < Math.min(total, 100) && html`<button type="button" class="quiet load-more" onClick=${() => load({ more: true })}>${t.loadMore}</button>`}
      </div>
    </main>
  `;
}

function Group({ title, aside, children }) {
  return html`<section class="room-group"><div class="songs-head"><h2>${title}</h2>${aside}</div>${children}</section>`;
}

function Search({ q }) {
  const t = useText();
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const search = (e) => {
    const text = e.currentTarget.value.trim();
    clearTimeout(timer.current);
    timer.current = setTimeout(() => load({ q: text }), typing);
  };
  return html`
    <div class="filters" role="search">
      <label class="search"><span class="unseen">${t.searchRooms}</span><${Icon} name="search" />
        <input type="search" placeholder=${t.searchRooms} defaultValue=${q} maxlength="100" onInput=${search} />
      </label>
    </div>
  `;
}

function RoomCard({ room, isOpen }) {
  const t = useText();
  const isHere = useStore((s) => s.room?.id === room.id && s.room.status === "live");
  const [act, error] = useAct();
  const enter = act(async () => {
    await join(room.id);
    go(roomHref(room.id));
  });
  return html`
    <article class="room-card" aria-labelledby=${"room-" + room.id}>
      <${Cover} id=${room.id} />
      <div class="room-words">
        <h3 id=${"room-" + room.id}><a href=${roomHref(room.id)}>${room.name}</a></h3>
        ${room.description && html`<p class="room-about">${room.description}</p>`}
        <p class="song-line"><span>${room.isPublic ? t.openToAll : t.byInvitation}</span>${room.memberCount !== undefined && html`<span>${t.membersCount(room.memberCount)}</span>`}${isHere && html`<span class="here">${t.youAreHere}</span>`}</p>
        ${error && html`<p class="alert" role="alert">${explain(t, error)}</p>`}
      </div>
      ${isOpen && html`<button type="button" class="quiet outlined" aria-label=${t.joinRoom(room.name)} onClick=${enter}>${t.join}</button>`}
    </article>
  `;
}

function Invitation({ invitation: { room, invitedBy } }) {
  const t = useText();
  const [act, error] = useAct();
  const accept = act(async () => {
    await join(room.id);
    go(roomHref(room.id));
  });
  return html`
    <article class="room-card invitation" aria-labelledby=${"room-" + room.id}>
      <${Cover} id=${room.id} />
      <div class="room-words">
        <h3 id=${"room-" + room.id}>${room.name}</h3>
        <p class="song-line">${invitedBy ? t.invitedBy(invitedBy.username) : t.invited}</p>
        ${error && html`<p class="alert" role="alert">${explain(t, error)}</p>`}
        <div class="actions">
          <button type="button" class="quiet outlined" onClick=${accept}>${t.accept}</button>
          <button type="button" class="quiet" onClick=${act(() => decline(room.id))}>${t.decline}</button>
        </div>
      </div>
    </article>
  `;
}

function CreateRoom() {
  const t = useText();
  const profile = useStore((s) => s.profile);
  const form = useRef(null);
  const [values, setValues] = useState({ name: "", description: "", isPublic: false });
  const [act, error] = useAct();
  useEffect(() => error && focusProblem(form.current), [error]);
  if (!mayCollaborate(profile)) return html`<p class="notice">${t.roomsTier(profile.tier)}</p>`;

  const put = (name, value) => setValues((v) => ({ ...v, [name]: value }));
  const typed = (name) => ({ value: values[name], onInput: (e) => put(name, e.currentTarget.value) });
  const submit = act(async () => go(roomHref(await create(values))));
  const problems = problemsOf(error);
  return html`
    <form class="panel" ref=${form} onSubmit=${submit} noValidate>
      <${Field} name="name" label=${t.roomName} problems=${problems}>
        ${(attrs) => html`<input ...${attrs} ...${typed("name")} placeholder=${t.roomNameHint} autocomplete="off" />`}
      <//>
      <${Field} name="description" label=${t.roomAbout} problems=${problems}>
        ${(attrs) => html`<textarea ...${attrs} ...${typed("description")} rows="2"></textarea>`}
      <//>
      <label class="switch">
        <input type="checkbox" role="switch" checked=${values.isPublic} onChange=${(e) => put("isPublic", e.currentTarget.checked)} />
        <span class="switch-track"></span><span>${t.openToAll}</span><span class="hint">${values.isPublic ? t.openHint : t.closedHint}</span>
      </label>
      ${error && !problems.name && !problems.description && html`<p class="alert" role="alert">${explain(t, error)}</p>`}
      <button class="primary">${t.createRoom}</button>
    </form>
  `;
}
