"""The world's things as JSON, complete as Discord's documentation and OpenAPI describe them."""

from sandbox.discord import components, permissions
from sandbox.discord.cdn import Cdn
from sandbox.discord.wire import Json, timestamp
from sandbox.discord.world import (
    Attachment,
    Channel,
    ChannelType,
    Command,
    Flag,
    Guild,
    Interaction,
    InteractionType,
    Member,
    Message,
    Role,
    User,
    World,
)


class Payloads:
    """Renders the world; links are signed anew each time."""

    def __init__(self, world: World, cdn: Cdn) -> None:
        self._world = world
        self._cdn = cdn

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
        user = self._world.user(user_id)
        if user is None:
            raise LookupError(f"There is no user {user_id}.")
        return self.user(user)

    def own_user(self) -> Json:
        """The bot's user as it sees itself."""
        own = {"mfa_enabled": True, "locale": "en-US", "verified": True, "email": None}
        return self.user_by_id(self._world.bot_id) | own

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
        return {
            "avatar": None,
            "banner": None,
            "communication_disabled_until": None,
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
            "nsfw": False,
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
        nothing = (
            "voice_states threads presences stage_instances guild_scheduled_events "
            "soundboard_sounds"
        )
        return {
            **self.guild(guild),
            **{name: [] for name in nothing.split()},
            "joined_at": timestamp(me.joined_at),
            "large": False,
            "unavailable": False,
            "member_count": len(guild.members),
            "members": [self.member(member) for member in members],
            "channels": [self.channel(channel) for channel in channels if channel],
        }

    def attachment(self, attachment: Attachment) -> Json:
        """A file, with a link that is good for a day."""
        url = self._cdn.url(attachment)
        optional = {
            "content_type": attachment.content_type,
            "width": attachment.width,
            "height": attachment.height,
            "title": attachment.title,
            "description": attachment.description,
            "ephemeral": attachment.ephemeral or None,
        }
        return {
            "id": str(attachment.id),
            "filename": attachment.filename,
            "size": len(attachment.data),
            "url": url,
            "proxy_url": url,
        } | {name: value for name, value in optional.items() if value is not None}

    def message(self, message: Message) -> Json:
        """A message in full."""
        body: Json = {
            "type": message.type,
            "content": message.content,
            "mentions": [self.user_by_id(user_id) for user_id in message.mention_ids],
            "mention_roles": [str(role_id) for role_id in message.mention_role_ids],
            "attachments": [self.attachment(attachment) for attachment in message.attachments],
            "embeds": message.embeds,
            "timestamp": timestamp(message.created_at),
            "edited_timestamp": None if message.edited_at is None else timestamp(message.edited_at),
            "flags": int(message.flags),
            "components": components.render(
                message.components, lambda url: self._media(message, url)
            ),
            "id": str(message.id),
            "channel_id": str(message.channel_id),
            "author": self.user_by_id(message.author_id),
            "pinned": False,
            "mention_everyone": message.mention_everyone,
            "tts": message.tts,
        }
        if message.interaction is not None:
            body |= self._interaction_fields(message, message.interaction)
        if message.reference_id is not None:
            body |= self._reference(message, message.reference_id)
        return body

    def _media(self, message: Message, url: str) -> Json:
        name = url.removeprefix(components.ATTACHMENT)
        found = next((file for file in message.attachments if file.filename == name), None)
        if name == url or found is None:
            return {
                "id": str(message.id),
                "url": url,
                "proxy_url": url,
                "width": None,
                "height": None,
                "content_type": None,
                "size": None,
            }
        link = self._cdn.url(found)
        return {
            "id": str(found.id),
            "url": link,
            "proxy_url": link,
            "width": found.width,
            "height": found.height,
            "content_type": found.content_type,
            "attachment_id": str(found.id),
            "size": len(found.data),
        }

    def _reference(self, message: Message, reference_id: int) -> Json:
        channel = self._world.channel(message.channel_id)
        referenced = channel.messages.get(reference_id) if channel else None
        place: Json = {"type": 0, "channel_id": str(message.channel_id)}
        if channel and channel.guild_id and not message.flags & Flag.EPHEMERAL:
            place["guild_id"] = str(channel.guild_id)
        body: Json = {"message_reference": place | {"message_id": str(reference_id)}}
        shown = self.message(referenced) if referenced else None
        for nested in ("message_reference", "referenced_message"):
            if shown:
                shown.pop(nested, None)
        return body | {"referenced_message": shown}

    def _interaction_fields(self, message: Message, interaction: Interaction) -> Json:
        metadata: Json = {
            "id": str(interaction.id),
            "type": int(interaction.type),
            "user": self.user_by_id(interaction.user_id),
            "authorizing_integration_owners": owners(interaction),
        }
        if interaction.original_id not in {None, message.id}:
            metadata["original_response_message_id"] = str(interaction.original_id)
        body: Json = {
            "application_id": str(self._world.application_id),
            "webhook_id": str(self._world.application_id),
            "interaction_metadata": metadata,
        }
        if interaction.type is InteractionType.COMPONENT:
            metadata["interacted_message_id"] = str(interaction.message_id)
        elif "original_response_message_id" not in metadata:
            body["interaction"] = {
                "id": str(interaction.id),
                "type": int(interaction.type),
                "name": interaction.name,
                "user": metadata["user"],
            }
        return body

    def command(self, command: Command) -> Json:
        """A registered command."""
        body = command.body | {
            "id": str(command.id),
            "application_id": str(self._world.application_id),
            "version": str(command.version),
        }
        return body | ({"guild_id": str(command.guild_id)} if command.guild_id else {})

    def interaction(self, interaction: Interaction) -> Json:
        """What INTERACTION_CREATE carries."""
        channel = self._world.channel(interaction.channel_id)
        if channel is None:
            raise LookupError(f"There is no channel {interaction.channel_id}.")
        body: Json = {
            "id": str(interaction.id),
            "application_id": str(self._world.application_id),
            "type": int(interaction.type),
            "data": interaction.data,
            "channel": self.channel(channel),
            "channel_id": str(channel.id),
            "token": interaction.token,
            "version": 1,
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": owners(interaction),
            "attachment_size_limit": interaction.size_limit_bytes,
        }
        original = channel.messages.get(interaction.message_id or 0)
        if original is not None:
            body["message"] = self.message(original)
        guild = self._world.guild(interaction.guild_id)
        if guild is None:
            return body | {
                "context": 1,
                "user": self.user_by_id(interaction.user_id),
                "app_permissions": str(int(permissions.DIRECT_MESSAGE)),
            }
        return body | self._guild_side(guild, channel, interaction)

    def _guild_side(self, guild: Guild, channel: Channel, interaction: Interaction) -> Json:
        member = guild.members[interaction.user_id]
        me = guild.members[self._world.bot_id]
        bits = permissions.in_channel(guild, channel, member)
        return {
            "context": 0,
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "guild_locale": guild.locale,
            "member": self.member(member) | {"permissions": str(int(bits))},
            "app_permissions": str(int(permissions.in_channel(guild, channel, me))),
        }


def owners(interaction: Interaction) -> Json:
    """Whose installation allowed it: the server's, or "0" in the bot's direct messages."""
    return {"0": str(interaction.guild_id or 0)}
