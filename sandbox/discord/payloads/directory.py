"""Users, roles, members, channels and servers as JSON, as Discord's documentation has them."""

from sandbox.discord.state.model import Channel, ChannelType, Emoji, Guild, Member, Role, User
from sandbox.discord.state.world import World
from sandbox.discord.wire import Json, timestamp


class DirectoryPayloads:
    """Renders who and what there is."""

    def __init__(self, world: World) -> None:
        self._world = world

    def user(self, user: User) -> Json:
        """A user as others see them."""
        body: Json = {
            "id": str(user.id),
            "username": user.username,
            "avatar": None,
            "discriminator": "0" if not user.bot else f"{user.id % 10000:04d}",
            "public_flags": 0,
            "flags": 0,
            "banner": None,
            "accent_color": None,
            "global_name": None if user.bot else user.display_name,
            "avatar_decoration_data": None,
            "collectibles": None,
            "primary_guild": None,
        }
        if user.bot:
            body["bot"] = True
        return body

    def user_by_id(self, user_id: int) -> Json:
        """A user that is known to exist."""
        return self.user(self._known(user_id))

    def _known(self, user_id: int) -> User:
        user = self._world.user(user_id)
        if user is None:
            raise LookupError(f"There is no user {user_id}.")
        return user

    def user_as_self(self, user: User) -> Json:
        """A user as they see themselves: nobody else is told their language."""
        return self.user(user) | {"locale": user.locale}

    def own_user(self) -> Json:
        """The bot's user as it sees itself."""
        own = {"mfa_enabled": True, "verified": True, "email": None}
        return self.user_as_self(self._known(self._world.bot_id)) | own

    def application(self) -> Json:
        """The application as its owner sees it."""
        owner = next(user for user in self._world.users.values() if not user.bot)
        return {
            "id": str(self._world.application_id),
            "name": "Marionette",
            "icon": None,
            "description": "",
            "type": None,
            "summary": "",
            "bot": self.user_by_id(self._world.bot_id),
            "bot_public": True,
            "bot_require_code_grant": False,
            "integration_types_config": {"0": {}},
            "verify_key": "0" * 64,
            "flags": self.application_flags(),
            "flags_new": str(self.application_flags()),
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": self.user(owner),
            "approximate_guild_count": len(self._world.guilds),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "event_webhooks_url": None,
            "event_webhooks_status": 1,
            "explicit_content_filter": 0,
            "team": None,
            "eligible_oauth2_scopes": [],
            "hook": True,
            "tags": [],
        }

    def application_flags(self) -> int:
        """Which privileged intents the application was granted (the "limited" flags)."""
        granted = {1 << 8: 1 << 13, 1 << 1: 1 << 15, 1 << 15: 1 << 19}
        return sum(
            flag for intent, flag in granted.items() if self._world.privileged_intents & intent
        )

    def emoji(self, emoji: Emoji) -> Json:
        """One of the application's own emoji."""
        return {
            "id": str(emoji.id),
            "name": emoji.name,
            "user": self.user_by_id(emoji.user_id),
            "roles": [],
            "require_colons": True,
            "managed": False,
            "animated": emoji.is_animated,
            "available": True,
        }

    def role(self, role: Role) -> Json:
        """A role."""
        body: Json = {
            "id": str(role.id),
            "name": role.name,
            "description": None,
            "permissions": str(role.permissions),
            "position": role.position,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": role.bot_id is not None,
            "mentionable": False,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }
        if role.bot_id is not None:
            body["tags"] = {"bot_id": str(role.bot_id)}
        return body

    def member_fields(self, member: Member) -> Json:
        """A member without its user, as messages carry it."""
        until = member.timed_out_until
        return {
            "avatar": None,
            "banner": None,
            "communication_disabled_until": None if until is None else timestamp(until),
            "flags": 0,
            "joined_at": timestamp(member.joined_at),
            "nick": member.nick,
            "pending": False,
            "premium_since": None,
            "roles": [str(role_id) for role_id in member.role_ids],
            "mute": False,
            "deaf": False,
        }

    def member(self, member: Member) -> Json:
        """A member with its user."""
        return self.member_fields(member) | {"user": self.user_by_id(member.user_id)}

    def channel(self, channel: Channel) -> Json:
        """A guild's channel, or a direct message as the bot sees it."""
        last = max(channel.messages, default=None)
        body: Json = {
            "id": str(channel.id),
            "type": int(channel.type),
            "flags": 0,
            "last_message_id": str(last) if last else None,
        }
        if channel.type is ChannelType.DM:
            others = [id_ for id_ in channel.recipient_ids if id_ != self._world.bot_id]
            return body | {"recipients": [self.user_by_id(id_) for id_ in others]}
        if channel.type is ChannelType.PUBLIC_THREAD:
            return body | self._thread_fields(channel)
        return body | {
            "guild_id": str(channel.guild_id),
            "name": channel.name,
            "parent_id": None,
            "rate_limit_per_user": 0,
            "topic": channel.topic,
            "position": channel.position,
            "permission_overwrites": [
                {
                    "id": str(overwrite.id),
                    "type": overwrite.type,
                    "allow": str(overwrite.allow),
                    "deny": str(overwrite.deny),
                }
                for overwrite in channel.overwrites
            ],
            "nsfw": channel.is_age_restricted,
        }

    def _thread_fields(self, thread: Channel) -> Json:
        """What a thread has in place of a channel's topic, position and overwrites."""
        began = timestamp(thread.created_at)
        return {
            "guild_id": str(thread.guild_id),
            "name": thread.name,
            "parent_id": str(thread.parent_id),
            "owner_id": str(thread.owner_id),
            "rate_limit_per_user": 0,
            "message_count": len(thread.messages),
            "member_count": 1,
            "total_message_sent": len(thread.messages),
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 4320,
                "archive_timestamp": began,
                "create_timestamp": began,
                "locked": False,
            },
        }

    def guild(self, guild: Guild) -> Json:
        """A server as REST gives it."""
        absent = (
            "icon description home_header splash discovery_splash banner application_id "
            "afk_channel_id system_channel_id widget_channel_id max_presences vanity_url_code "
            "rules_channel_id safety_alerts_channel_id public_updates_channel_id incidents_data"
        )
        return {
            **dict.fromkeys(absent.split()),
            "id": str(guild.id),
            "name": guild.name,
            "owner_id": str(guild.owner_id),
            "features": [],
            "region": "us-east",
            "afk_timeout": 300,
            "system_channel_flags": 0,
            "widget_enabled": False,
            "verification_level": 0,
            "roles": [self.role(role) for role in guild.roles],
            "default_message_notifications": 0,
            "mfa_level": 0,
            "explicit_content_filter": 0,
            "max_members": 500_000,
            "max_stage_video_channel_users": 50,
            "max_video_channel_users": 25,
            "premium_tier": guild.premium_tier,
            "premium_subscription_count": 7 * guild.premium_tier,
            "preferred_locale": guild.locale,
            "premium_progress_bar_enabled": False,
            "nsfw": False,
            "nsfw_level": 0,
            "emojis": [],
            "stickers": [],
        }

    def guild_create(self, guild: Guild, *, with_members: bool) -> Json:
        """A server as GUILD_CREATE gives it; without the intent only the bot's own member."""
        me = guild.members[self._world.bot_id]
        members = list(guild.members.values()) if with_members else [me]
        channels = [self._world.channel(channel_id) for channel_id in guild.channel_ids]
        nothing = "voice_states presences stage_instances guild_scheduled_events soundboard_sounds"
        return {
            **self.guild(guild),
            **{name: [] for name in nothing.split()},
            "joined_at": timestamp(me.joined_at),
            "large": False,
            "unavailable": False,
            "member_count": len(guild.members),
            "members": [self.member(member) for member in members],
            "channels": [self.channel(channel) for channel in channels if channel],
            "threads": [self.channel(thread) for thread in self._world.threads_of(guild)],
        }
