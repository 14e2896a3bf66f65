// What people, roles and channels are called.

/** What a person is called. */
export function nameOf(user) {
  return user && (user.global_name ?? capital(user.username));
}

/** What a command, an option or a choice is called in one's language; its `name` is what is sent. */
export function spokenName({ name, name_localized }) {
  return name_localized ?? name;
}

/** What a command or an option is for, in one's language. */
export function spokenAbout({ description, description_localized }) {
  return description_localized ?? description;
}

function capital(name) {
  return name[0].toUpperCase() + name.slice(1);
}

/** How texts of a store's current place call things by their ids, and whether they mean oneself. */
export function namesFor(store) {
  const guild = store.guildOf();
  const roles = guild?.roles ?? [];
  const mine = guild?.members.find(({ user }) => user.id === store.me.id)?.roles ?? [];
  return {
    user: (id) => nameOf(store.user(id)) ?? store.people.find((one) => one.id === id)?.name ?? "unknown-user",
    role: (id) => roles.find((found) => found.id === id)?.name ?? "unknown-role",
    channel: (id) => store.channel(id)?.name ?? (store.channel(id) ? "direct message" : "unknown"),
    knows: (id) => Boolean(store.channel(id)),
    isMe: (id) => id === store.me.id,
    isMine: (id) => mine.includes(id) || id === guild?.id,
  };
}
