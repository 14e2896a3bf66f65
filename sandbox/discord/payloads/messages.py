"""Messages, interactions and commands as JSON, complete as Discord describes them."""

from sandbox.discord.payloads.directory import DirectoryPayloads
from sandbox.discord.schema import components
from sandbox.discord.state import permissions
from sandbox.discord.state.cdn import Cdn
from sandbox.discord.state.model import (
    Attachment,
    Channel,
    Command,
    CommandType,
    Flag,
    Guild,
    Interaction,
    Message,
)
from sandbox.discord.state.world import World
from sandbox.discord.wire import Json, timestamp

IS_SPOILER = 1 << 3
SNAPSHOT = (
    *("type", "content", "mentions", "mention_roles", "attachments", "embeds"),
    *("timestamp", "edited_timestamp", "flags", "components"),
)
"""What a forward tells of its original: above all not whose it was."""


class Payloads(DirectoryPayloads):
    """Renders the world; links are signed anew each time."""

    def __init__(self, world: World, cdn: Cdn) -> None:
        super().__init__(world)
        self._cdn = cdn

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
            "flags": IS_SPOILER if attachment.is_spoiler else None,
        }
        return {
            "id": str(attachment.id),
            "filename": attachment.filename,
            "size": len(attachment.data),
            "url": url,
            "proxy_url": url,
        } | {name: value for name, value in optional.items() if value is not None}

    def message(self, message: Message, viewer_id: int | None = None) -> Json:
        """A message in full, as somebody sees it: the bot, unless another is named."""
        # A file that an embed shows is not listed beside it.
        embedded = {
            url.removeprefix(components.ATTACHMENT)
            for embed in message.embeds
            for url in _links_of(embed)
            if url.startswith(components.ATTACHMENT)
        }
        body: Json = {
            "type": message.type,
            "content": message.content,
            "mentions": [self.user_by_id(user_id) for user_id in message.mention_ids],
            "mention_roles": [str(role_id) for role_id in message.mention_role_ids],
            "attachments": [
                self.attachment(attachment)
                for attachment in message.attachments
                if attachment.filename not in embedded
            ],
            "embeds": [self._embed(message, embed) for embed in message.embeds],
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
            body |= self._reference(message, message.reference_id, viewer_id)
        if message.forwarded is not None:
            body |= self._forward(message.forwarded)
        if message.reactions:
            viewer_id = viewer_id or self._world.bot_id
            body["reactions"] = [
                _reaction(emoji, user_ids, viewer_id)
                for emoji, user_ids in message.reactions.items()
            ]
        return body

    def _embed(self, message: Message, embed: Json) -> Json:
        shown = dict(embed)
        for name in ("image", "thumbnail"):
            if name in embed:
                media = self._media(message, embed[name]["url"])
                sizes = {side: media[side] or 0 for side in ("width", "height")}
                links = {"url": media["url"], "proxy_url": media["proxy_url"]}
                kind = {"content_type": media["content_type"]} if media["content_type"] else {}
                shown[name] = links | sizes | kind | {"flags": 0}
        for name in ("footer", "author"):
            if "icon_url" in embed.get(name, {}):
                media = self._media(message, embed[name]["icon_url"])
                icon = {"icon_url": media["url"], "proxy_icon_url": media["proxy_url"]}
                shown[name] = embed[name] | icon
        return shown

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

    def _reference(self, message: Message, reference_id: int, viewer_id: int | None) -> Json:
        channel = self._world.channel(message.channel_id)
        referenced = channel.messages.get(reference_id) if channel else None
        place: Json = {"type": 0, "channel_id": str(message.channel_id)}
        if channel and channel.guild_id and not message.flags & Flag.EPHEMERAL:
            place["guild_id"] = str(channel.guild_id)
        body: Json = {"message_reference": place | {"message_id": str(reference_id)}}
        shown = self.message(referenced, viewer_id) if referenced else None
        for nested in ("message_reference", "referenced_message"):
            if shown:
                shown.pop(nested, None)
        return body | {"referenced_message": shown}

    def _forward(self, original: Message) -> Json:
        channel = self._world.channel(original.channel_id)
        place: Json = {
            "type": 1,
            "channel_id": str(original.channel_id),
            "message_id": str(original.id),
        }
        if channel and channel.guild_id:
            place["guild_id"] = str(channel.guild_id)
        shown = self.message(original)
        snapshot = {name: shown[name] for name in SNAPSHOT}
        return {"message_reference": place, "message_snapshots": [{"message": snapshot}]}

    def _interaction_fields(self, message: Message, interaction: Interaction) -> Json:
        metadata = self._metadata(interaction)
        if interaction.original_id not in {None, message.id}:
            metadata["original_response_message_id"] = str(interaction.original_id)
        body: Json = {
            "application_id": str(self._world.application_id),
            "webhook_id": str(self._world.application_id),
            "interaction_metadata": metadata,
        }
        if interaction.message_id is None and "original_response_message_id" not in metadata:
            body["interaction"] = {
                "id": str(interaction.id),
                "type": int(interaction.type),
                "name": interaction.source.name,
                "user": metadata["user"],
            }
        return body

    def _metadata(self, interaction: Interaction) -> Json:
        metadata: Json = {
            "id": str(interaction.id),
            "type": int(interaction.type),
            "user": self.user_by_id(interaction.user_id),
            "authorizing_integration_owners": owners(interaction),
        }
        if interaction.opener is not None:
            metadata["triggering_interaction_metadata"] = self._metadata(interaction.opener)
        elif interaction.message_id is not None:
            metadata["interacted_message_id"] = str(interaction.message_id)
        elif interaction.target_message_id is not None:
            metadata["target_message_id"] = str(interaction.target_message_id)
        elif interaction.data["type"] == CommandType.USER:
            metadata["target_user"] = self.user_by_id(int(interaction.data["target_id"]))
        return metadata

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
            "locale": self._known(interaction.user_id).locale,
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


def _links_of(embed: Json) -> list[str]:
    links = [embed[name]["url"] for name in ("image", "thumbnail") if name in embed]
    icons = [embed.get(name, {}).get("icon_url") for name in ("footer", "author")]
    return links + [icon for icon in icons if icon]


def partial_emoji(emoji: str) -> Json:
    """A Unicode emoji as reactions have it."""
    return {"id": None, "name": emoji}


def _reaction(emoji: str, user_ids: list[int], viewer_id: int) -> Json:
    return {
        "emoji": partial_emoji(emoji),
        "count": len(user_ids),
        "count_details": {"burst": 0, "normal": len(user_ids)},
        "burst_colors": [],
        "me_burst": False,
        "me": viewer_id in user_ids,
    }


def owners(interaction: Interaction) -> Json:
    """Whose installation allowed it: the server's, or "0" in the bot's direct messages."""
    return {"0": str(interaction.guild_id or 0)}
