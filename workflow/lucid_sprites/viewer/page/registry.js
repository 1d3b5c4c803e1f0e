"use strict";

// What the page consists of. A view (what fills the page) and a dialog each have a file of their own,
// in which their parts of the address, their controls, their keys and their drawing stand together.
// They register here; nothing else names them.

const registry = (() => {
  const views = new Map();
  const dialogs = [];

  return {
    views,
    dialogs,

    /**
     * Add a view. It has
     *   name            what the address calls it, and the class of `main`;
     *   settle(values)  the same values with what exists in place of what does not;
     *   show(main)      draws the state of the address;
     * and if it needs them
     *   label, hint     text and tooltip of its button in the header;
     *   address         its own parts of the address with what they are by default;
     *   title(state)    parts of the window's title;
     *   controls(state) elements that change the state, each named by `data-name`;
     *   keys            a list of `{ label, what, press }`: what the help says, and functions by key;
     *   current()       the unit that a mark is for, with its record;
     *   marked()        shows the marks as they are now;
     *   enter()         takes the focus from the link over the header;
     *   leave(), resize().
     */
    addView(view) {
      views.set(view.name, view);
    },

    /**
     * Add a dialog. It has a `name`, `label` and `hint` of its button in the header, `open()`, `keys`
     * as a view has them, and `views`, the names of those that it is for, if not for all.
     */
    addDialog(dialog) {
      dialogs.push(dialog);
    },

    /** The dialogs that are for a view. */
    dialogsOf: (name) => dialogs.filter(({ views: names }) => !names || names.includes(name)),
  };
})();
