-- Rooms where people work together: who is in them, who may come, what was said.

-- +goose Up
CREATE TABLE rooms (
    id           uuid PRIMARY KEY DEFAULT uuid_v7(),
    name         text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    description  text NOT NULL DEFAULT '' CHECK (char_length(description) <= 500),
    is_public    boolean NOT NULL DEFAULT false,
    owner_id     uuid NOT NULL,
    owner_role   text NOT NULL GENERATED ALWAYS AS ('owner') STORED,
    member_count integer NOT NULL DEFAULT 0 CHECK (member_count BETWEEN 0 AND 5000),
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE INDEX rooms_owner_id_idx ON rooms (owner_id);
CREATE INDEX rooms_public_idx ON rooms (id DESC) WHERE is_public;
COMMENT ON TABLE rooms IS 'Rooms where people work together.';
COMMENT ON COLUMN rooms.is_public IS 'Anybody may find and join a public room; a private one is by invitation.';
COMMENT ON COLUMN rooms.owner_id IS 'Always a member with the role owner: see rooms_owner_fkey.';
COMMENT ON COLUMN rooms.owner_role IS 'Only there for rooms_owner_fkey to refer to.';
COMMENT ON COLUMN rooms.member_count IS 'Kept by triggers on room_members, whichever way members come and go. Its check is the limit.';

CREATE TABLE room_members (
    room_id   uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role      text NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'member')),
    joined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (room_id, user_id),
    CONSTRAINT room_members_role_key UNIQUE (room_id, user_id, role)
);
CREATE UNIQUE INDEX room_members_owner_key ON room_members (room_id) WHERE role = 'owner';
CREATE INDEX room_members_user_id_idx ON room_members (user_id, room_id);
CREATE INDEX room_members_joined_at_idx ON room_members (room_id, joined_at, user_id);
COMMENT ON TABLE room_members IS 'Who is in which room.';
COMMENT ON COLUMN room_members.role IS 'Each room has one owner, who may change and delete it.';

-- At most one owner is the unique index, at least one is this. It does not
-- refer to users: then handing a room over need not lock its next owner's
-- account, which could be the next to be deleted.
ALTER TABLE rooms ADD CONSTRAINT rooms_owner_fkey FOREIGN KEY (id, owner_id, owner_role)
    REFERENCES room_members (room_id, user_id, role) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE room_invitations (
    room_id    uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    invited_by uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (room_id, user_id)
);
CREATE INDEX room_invitations_user_id_idx ON room_invitations (user_id, created_at DESC);
CREATE INDEX room_invitations_invited_by_idx ON room_invitations (invited_by);
COMMENT ON TABLE room_invitations IS 'Who may join which room; the row goes when they do, or decline.';
COMMENT ON COLUMN room_invitations.invited_by IS 'Null once that account is deleted.';

CREATE TABLE room_messages (
    id         uuid PRIMARY KEY DEFAULT uuid_v7(),
    room_id    uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id    uuid REFERENCES users (id) ON DELETE SET NULL,
    type       text NOT NULL DEFAULT 'text' CHECK (type ~ '^[a-z_]{1,32}$'),
    body       text NOT NULL CHECK (char_length(body) BETWEEN 1 AND 4000),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX room_messages_room_id_idx ON room_messages (room_id, id DESC);
CREATE INDEX room_messages_user_id_idx ON room_messages (user_id) WHERE user_id IS NOT NULL;
COMMENT ON TABLE room_messages IS 'What was said in rooms.';
COMMENT ON COLUMN room_messages.id IS 'Within a room the order of ids is the order of the messages.';
COMMENT ON COLUMN room_messages.user_id IS 'Null once that account is deleted; what was said stays.';
COMMENT ON COLUMN room_messages.type IS 'What the clients take it for; text unless they say otherwise.';

-- +goose StatementBegin
CREATE FUNCTION room_members_count() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    -- Once a statement, not once a row: many rows of one room may come together.
    UPDATE rooms r
    SET member_count = r.member_count + CASE TG_OP WHEN 'INSERT' THEN c.n ELSE -c.n END
    FROM (SELECT room_id, count(*) AS n FROM changed GROUP BY room_id) c
    WHERE r.id = c.room_id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION room_members_count() IS 'Keeps rooms.member_count.';
CREATE TRIGGER count_added AFTER INSERT ON room_members REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION room_members_count();
CREATE TRIGGER count_removed AFTER DELETE ON room_members REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION room_members_count();

-- +goose StatementBegin
CREATE FUNCTION room_log(room rooms, type text, message text, person json) RETURNS void
LANGUAGE sql VOLATILE
AS $$
    WITH numbered AS (
        INSERT INTO events.topic AS t (name, last_seq) VALUES ('room:' || room.id, 1)
        ON CONFLICT (name) DO UPDATE SET last_seq = t.last_seq + 1
        RETURNING name, last_seq
    )
    INSERT INTO events.log (topic, seq, type, data)
    SELECT n.name, n.last_seq, 'room_notification', json_build_object(
        'roomId', room.id,
        'message', message,
        'type', type,
        'timestamp', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'user', person,
        'room', json_build_object('id', room.id, 'name', room.name, 'description', room.description,
            'isPublic', room.is_public, 'ownerId', room.owner_id))
    FROM numbered n
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION room_log(rooms, text, text, json) IS 'Appends a room_notification to the room''s topic. Nobody is notified of it: those who follow find it when they next compare.';

-- +goose StatementBegin
CREATE FUNCTION users_leave_rooms() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    person json := json_build_object('id', OLD.id, 'username', OLD.username, 'tier', OLD.tier);
    in_room uuid;
    room rooms;
    heir record;
BEGIN
    -- The account is locked: it can get into no more rooms. Then the rooms, in
    -- order, each before its rows, as everybody does; also those that it has
    -- left, where the deletion will touch what it said and whom it invited.
    FOR in_room IN
        SELECT m.room_id FROM room_members m WHERE m.user_id = OLD.id
        UNION SELECT m.room_id FROM room_messages m WHERE m.user_id = OLD.id
        UNION SELECT i.room_id FROM room_invitations i WHERE i.user_id = OLD.id
        UNION SELECT i.room_id FROM room_invitations i WHERE i.invited_by = OLD.id
        ORDER BY room_id
    LOOP
        SELECT * INTO room FROM rooms r WHERE r.id = in_room FOR UPDATE;
        CONTINUE WHEN NOT FOUND OR NOT EXISTS (SELECT FROM room_members m WHERE m.room_id = in_room AND m.user_id = OLD.id);
        IF room.owner_id <> OLD.id THEN
            DELETE FROM room_members m WHERE m.room_id = in_room AND m.user_id = OLD.id;
            PERFORM room_log(room, 'member_left', OLD.username || ' left the room.', person);
            CONTINUE;
        END IF;
        SELECT m.user_id, u.username, u.tier INTO heir
        FROM room_members m JOIN users u ON u.id = m.user_id
        WHERE m.room_id = in_room AND m.user_id <> OLD.id
        ORDER BY m.joined_at, m.user_id LIMIT 1;
        IF NOT FOUND THEN
            DELETE FROM rooms r WHERE r.id = in_room;
            PERFORM room_log(room, 'room_deleted', 'The room was deleted.', person);
            CONTINUE;
        END IF;
        DELETE FROM room_members m WHERE m.room_id = in_room AND m.user_id = OLD.id;
        UPDATE room_members m SET role = 'owner' WHERE m.room_id = in_room AND m.user_id = heir.user_id;
        UPDATE rooms r SET owner_id = heir.user_id, updated_at = clock_timestamp() WHERE r.id = in_room RETURNING r.* INTO room;
        PERFORM room_log(room, 'member_left', OLD.username || ' left the room.', person);
        PERFORM room_log(room, 'owner_changed', heir.username || ' owns the room now.',
            json_build_object('id', heir.user_id, 'username', heir.username, 'tier', heir.tier));
    END LOOP;
    RETURN OLD;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION users_leave_rooms() IS 'Before an account is deleted, whichever way: its rooms go to the member who has been there longest, or with it if there is none; what it said stays without its name.';
CREATE TRIGGER leave_rooms BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION users_leave_rooms();

-- +goose Down
DROP TRIGGER leave_rooms ON users;
DROP FUNCTION users_leave_rooms();
DROP FUNCTION room_log(rooms, text, text, json);
DROP TABLE room_messages, room_invitations, room_members, rooms;
DROP FUNCTION room_members_count();
