// Lumino wants to know this class when it is loaded; jsdom has none.
global.DragEvent ??= class extends MouseEvent {};
