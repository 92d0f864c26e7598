"""ipywidgets: the models stay in the front end under their ids, so nothing is opened anew there."""

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


@reduces("ipywidgets.widgets.widget.Widget", subclasses=True)
def reduce_widget(widget: Any, reduction: Reduction) -> Any:
    """An empty widget, then traits, attributes and the user's observers; then its comm under the old id."""
    values = {name: value for name, value in widget._trait_values.items() if name not in NOT_CARRIED}
    attributes = {name: value for name, value in vars(widget).items() if name not in OF_THE_INSTANCE}
    is_open = widget._trait_values.get("comm") is not None
    state = (
        widget.model_id if is_open else None,
        values,
        attributes,
        _observers(widget),
        _validators(widget),
    )
    return make_widget, (type(widget),), state, None, None, set_widget


def make_widget(kind: Any) -> Any:
    """A widget that was not initialised: the constructor would tell the front end of a new model."""
    widget = kind.__new__(kind)
    widget._trait_values["comm"] = None
    return widget


def set_widget(widget: Any, state: tuple[Any, ...]) -> None:
    """Fill the widget; then it answers to its comm again."""
    model_id, values, attributes, observers, validators = state
    vars(widget).update(attributes)
    widget._trait_values.update(values)
    for name, kinds in observers.items():
        for kind, handlers in kinds.items():
            widget._trait_notifiers.setdefault(name, {}).setdefault(kind, []).extend(handlers)
    widget._trait_validators.update(validators)
    if model_id is not None:
        _connect(widget, model_id)


def _connect(widget: Any, model_id: str) -> None:
    import comm

    # primary: the front end opened (or was told of) this comm long ago, so no comm_open is sent.
    manager = comm.get_comm_manager()
    line = _comm_kind()(target_name="jupyter.widget", comm_id=model_id, primary=False)
    manager.register_comm(line)
    widget._trait_values["comm"] = line
    vars(widget)["_model_id"] = model_id
    line.on_msg(widget._handle_msg)
    sys.modules["ipywidgets.widgets.widget"]._instances[model_id] = widget


def _comm_kind() -> Any:
    kernel_comm = sys.modules.get("ipykernel.comm")
    if kernel_comm is not None:
        return kernel_comm.Comm
    import comm.base_comm

    return comm.create_comm


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
