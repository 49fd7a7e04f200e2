"""Tests of the editor by itself: what of its lines is in sight."""

from __future__ import annotations

from textual.app import App, ComposeResult

from course.tui.widgets.editor import Editor

WORDS = "# typed before there was room"


class EditorApp(App[None]):
    """An app that is an editor."""

    def compose(self) -> ComposeResult:
        """The editor."""
        yield Editor(dockerfile=True, id="editor")

    @property
    def editor(self) -> Editor:
        """The editor."""
        return self.query_one(Editor)


async def test_what_was_typed_before_there_was_room_is_in_sight() -> None:
    """Keys that come while the editor is still narrow leave the lines where they begin, once it has its width."""
    app = EditorApp()
    async with app.run_test(size=(12, 8)) as pilot:
        for character in WORDS:
            app.editor.insert(character)
        await pilot.pause()
        narrow = app.editor.scroll_x
        await pilot.resize_terminal(60, 8)
        await pilot.pause()

        assert narrow > 0
        assert 0 == app.editor.scroll_x


async def test_lines_go_back_to_their_beginning_when_the_cursor_is_in_sight_there() -> None:
    """A long line is followed to its end; from a short one all is seen from the left."""
    app = EditorApp()
    async with app.run_test(size=(40, 8)) as pilot:
        editor = app.editor
        editor.load_text(f"{'x' * 100}\n{WORDS}")
        await pilot.pause()
        editor.move_cursor((0, 100))
        await pilot.pause()
        followed = editor.scroll_x
        editor.move_cursor((1, len(WORDS)))
        await pilot.pause()

        assert followed > 100 - 40
        assert 0 == editor.scroll_x


async def test_cursor_stays_in_sight_when_the_editor_gets_lower() -> None:
    """The line that tells a finding takes a row away: not the one with the cursor."""
    app = EditorApp()
    async with app.run_test(size=(40, 10)) as pilot:
        editor = app.editor
        editor.load_text("\n".join(str(number) for number in range(30)))
        await pilot.pause()
        editor.move_cursor((8, 0))
        await pilot.pause()
        assert editor.scroll_y <= 8 < editor.scroll_y + editor.scrollable_content_region.height

        await pilot.resize_terminal(40, 6)
        await pilot.pause()
        await pilot.pause()

        assert editor.scroll_y <= 8 < editor.scroll_y + editor.scrollable_content_region.height
