"""Objects with traits. The models of widgets stay in the front end under their ids: none is opened anew."""

from __future__ import annotations

import sys
from typing import Any

from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import reduces

NOT_CARRIED = frozenset({"comm", "log", "parent", "config"})
"""Traits that belong to the kernel at hand."""

OF_THE_INSTANCE = frozenset(
    {"_trait_values", "_trait_notifiers", "_trait_validators", "_cross_validation_lock"}
)
"""Attributes that traitlets makes for each instance; what the user put into them travels apart."""


@reduces("traitlets.traitlets.HasTraits", subclasses=True)
def reduce_traits(owner: Any, reduction: Reduction) -> Any:
    """Traits, attributes and what the user observes, which pickling by traitlets itself would drop."""
    if _pickles_itself(type(owner)):
        return NotImplemented
    return make_traits, (type(owner),), _state_of(owner, owner._trait_values), None, None, set_traits


@reduces("ipywidgets.widgets.widget.Widget", subclasses=True)
def reduce_widget(widget: Any, reduction: Reduction) -> Any:
    """As any object with traits; then its comm under the old id."""
    values = {name: value for name, value in widget._trait_values.items() if name not in NOT_CARRIED}
    is_open = widget._trait_values.get("comm") is not None
    state = (*_state_of(widget, values), widget.model_id if is_open else None)
    return make_traits, (type(widget),), state, None, None, set_widget


def _pickles_itself(kind: Any) -> bool:
    base = sys.modules["traitlets.traitlets"].HasTraits
    return kind.__getstate__ is not base.__getstate__ or kind.__setstate__ is not base.__setstate__


def _state_of(owner: Any, values: dict[str, Any]) -> tuple[Any, ...]:
    attributes = {name: value for name, value in vars(owner).items() if name not in OF_THE_INSTANCE}
    return dict(values), attributes, _observers(owner), _validators(owner)


def make_traits(kind: Any) -> Any:
    """An object whose ``__init__`` did not run: that of a widget would tell the front end of a new model."""
    return kind.__new__(kind)


def set_traits(owner: Any, state: tuple[Any, ...]) -> None:
    """Fill it, without telling any observer."""
    values, attributes, observers, validators = state
    vars(owner).update(attributes)
    owner._trait_values.update(values)
    for name, kinds in observers.items():
        for kind, handlers in kinds.items():
            owner._trait_notifiers.setdefault(name, {}).setdefault(kind, []).extend(handlers)
    owner._trait_validators.update(validators)


def set_widget(widget: Any, state: tuple[Any, ...]) -> None:
    """Fill the widget; then it answers to its comm again."""
    *traits, model_id = state
    widget._trait_values["comm"] = None
    set_traits(widget, tuple(traits))
    if model_id is not None:
        _connect(widget, model_id)


def _connect(widget: Any, model_id: str) -> None:
    import comm

    # primary: the front end opened (or was told of) this comm long ago, so no comm_open is sent.
    line = comm.create_comm(target_name="jupyter.widget", comm_id=model_id, primary=False)
    manager = comm.get_comm_manager()
    before = manager.comms.get(model_id)
    if isinstance(before, comm.BaseComm):
        # The widget was here already, and is another object now: when the old one is collected, it must not
        # close what the frontend shows.
        before._closed = True
    manager.register_comm(line)
    widget._trait_values["comm"] = line
    vars(widget)["_model_id"] = model_id
    line.on_msg(widget._handle_msg)
    sys.modules["ipywidgets.widgets.widget"]._instances[model_id] = widget


def _observers(widget: Any) -> dict[Any, dict[Any, list[Any]]]:
    """What was observed with ``observe``; handlers of the class itself are made by ``__new__``."""
    return {
        name: {
            kind: [handler for handler in handlers if _is_users(handler, widget)]
            for kind, handlers in kinds.items()
        }
        for name, kinds in widget._trait_notifiers.items()
    }


def _validators(widget: Any) -> dict[str, Any]:
    return {name: handler for name, handler in widget._trait_validators.items() if _is_users(handler, widget)}


def _is_users(handler: Any, widget: Any) -> bool:
    from traitlets import EventHandler

    return not isinstance(handler, EventHandler) and getattr(handler, "__self__", None) is not widget
