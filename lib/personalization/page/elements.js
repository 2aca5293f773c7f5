/** The two ways to an element: the one with an id, and a new one. */

export const byId = (id) => document.getElementById(id)

export function element(tag, className, ...children) {
  const made = document.createElement(tag)
  if (className) made.className = className
  made.append(...children)
  return made
}

/** A button that does something. */
export function button(className, text, onClick) {
  const made = element('button', className, text)
  made.type = 'button'
  made.addEventListener('click', onClick)
  return made
}
