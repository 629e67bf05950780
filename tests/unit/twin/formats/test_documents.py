from __future__ import annotations

import pytest

from forestall.twin.formats import Format, UnreadableTopologyError, load
from tests.unit.twin.formats.documents import document, network

DOCUMENTS: dict[Format, str] = {
    "rfc8345": document(network()),
    "netjson": '{"type": "NetworkGraph", "nodes": [{"id": "a"}, {"id": "b"}], "links": []}',
    "topohub": '{"graph": {}, "nodes": [{"id": 0}, {"id": 1}], "edges": []}',
    "graphml": '<graphml><graph><node id="a"/><node id="b"/></graph></graphml>',
}


@pytest.mark.parametrize("form", DOCUMENTS)
def test_the_format_is_guessed_unless_it_is_given(form: Format) -> None:
    guessed, given = (load(DOCUMENTS[form].encode(), source="test", format=said) for said in (None, form))

    assert len(guessed.topology.nodes) == 2
    assert guessed.topology.id == given.topology.id


@pytest.mark.parametrize("text", ["{}", "[]", "1", '{"type": "NetworkRoutes"}', '{"nodes": []}', "", "<", "\ud800"])
def test_what_is_of_no_format_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableTopologyError):
        load(text, source="test")


@pytest.mark.parametrize("form", ["rfc8345", "netjson", "topohub"])
def test_a_document_of_another_format_than_given_is_empty_or_unreadable(form: Format) -> None:
    with pytest.raises(UnreadableTopologyError):
        load(DOCUMENTS[form], source="test", format="graphml")
    with pytest.raises(UnreadableTopologyError):
        load(DOCUMENTS["graphml"], source="test", format=form)
