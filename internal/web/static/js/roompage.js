// The page of a room.
import { useAct } from "./act.js";
import { Chat } from "./chat.js";
import { html, useEffect, useState } from "./html.js";
import { explain, useText } from "./i18n.js";
import { Icon } from "./icons.js";
import { People, Songs } from "./people.js";
import { open } from "./room.js";
import { join, quit, remove } from "./rooms.js";
import { go } from "./route.js";
import { useStore } from "./store.js";

export function RoomPage({ id }) {
  const t = useText();
  const status = useStore((s) => (s.room?.id === id ? s.room.status : "joining"));
  useEffect(() => void open(id), [id]);
  return html`
    <main class="room">
      <${Head} id=${id} status=${status} />
      ${status === "live" && html`<${Songs} /><${Chat} id=${id} /><${People} id=${id} />`}
      ${status === "joining" && html`<p class="loading" role="status">${t.joining}</p>`}
      ${status === "outside" && html`<${Outside} id=${id} />`}
      ${status === "lost" && html`<${Lost} />`}
    </main>
  `;
}

function Head({ id, status }) {
  const t = useText();
  const view = useStore((s) => (s.room?.id === id ? s.room.view : null));
  const count = useStore((s) => s.room?.count ?? 0);
  return html`
    <div class="room-head">
      <a class="link" href="#/rooms"><span aria-hidden="true">←</span> ${t.allRooms}</a>
      <div class="room-title">
        <h1 tabindex="-1">${view?.name ?? t.room}</h1>
        ${status === "live" && view && html`<${Goodbye} view=${view} />`}
      </div>
      ${view && html`
        ${view.description && html`<p class="room-about">${view.description}</p>`}
        <p class="song-line"><span>${view.isPublic ? t.openToAll : t.byInvitation}</span>${view.memberCount !== undefined && html`<span>${t.membersCount(view.memberCount)}</span>`}${status === "live" && html`<span>${t.hereCount(count)}</span>`}</p>
      `}
    </div>
  `;
}

const focusNew = (el) => el?.focus();

/** Leaving, or deleting what one owns, after a question. */
function Goodbye({ view }) {
  const t = useText();
  const isOwner = useStore((s) => s.profile.id === view.ownerId);
  const [isSure, setSure] = useState(false);
  const [act, error] = useAct();
  const bye = act(async () => {
    await (isOwner ? remove(view.id) : quit(view.id));
    go("#/rooms");
  });
  if (!isSure) {
    return html`<button type="button" class="quiet" onClick=${() => setSure(true)}><${Icon} name=${isOwner ? "trash" : "close"} />${isOwner ? t.deleteRoom : t.leaveRoom}</button>`;
  }
  const question = isOwner ? t.deleteRoomSure : t.leaveRoomSure;
  return html`
    <div class="actions" role="group" aria-label=${question}>
      <span>${question}</span>
      <button type="button" class="quiet danger" onClick=${bye}>${isOwner ? t.deleteRoomYes : t.leaveRoomYes}</button>
      <button type="button" class="quiet" ref=${focusNew} onClick=${() => setSure(false)}>${t.stay}</button>
      ${error && html`<p class="alert" role="alert">${explain(t, error)}</p>`}
    </div>
  `;
}

function Outside({ id }) {
  const t = useText();
  const [act, error] = useAct();
  const enter = act(async () => {
    await join(id);
    await open(id, true);
  });
  return html`
    <div class="empty">
      <p>${t.notMember}</p>
      ${error && html`<p class="alert" role="alert">${explain(t, error)}</p>`}
      <button type="button" class="primary" onClick=${enter}>${t.join}</button>
    </div>
  `;
}

function Lost() {
  const t = useText();
  return html`<div class="empty"><h2>${t.roomLost}</h2><p>${t.roomLostHint}</p><a class="link" href="#/rooms">${t.allRooms}</a></div>`;
}
