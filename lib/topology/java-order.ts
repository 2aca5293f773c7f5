/**
 * The iteration orders of Java's collections. Kafka Streams prints node names in the order of a HashSet and of a
 * TreeSet whose elements change their rank while it is filled, and `describe` prints the same order.
 */

/** String.hashCode. */
function hashCode(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0
  return hash
}

const LEAST_BUCKETS = 16
const LOAD = 0.75

/** The iteration order of a HashSet the names were added to one by one; or of a copy of one, which is made roomier. */
export function hashOrder(names: readonly string[], how: 'added' | 'copied' = 'added'): string[] {
  const room = how === 'copied' ? Math.floor(names.length / LOAD) + 1 : Math.ceil(names.length / LOAD)
  let buckets = LEAST_BUCKETS
  while (room > buckets) buckets *= 2
  const bucketOf = (name: string) => {
    const hash = hashCode(name)
    return (hash ^ (hash >>> 16)) & (buckets - 1)
  }
  return [...new Set(names)].sort((a, b) => bucketOf(a) - bucketOf(b))
}

interface TreeNode<T> {
  readonly value: T
  parent: TreeNode<T> | null
  left: TreeNode<T> | null
  right: TreeNode<T> | null
  red: boolean
}

/** A red-black tree that grows as java.util.TreeMap does; only insertion and listing. */
export class OrderedTree<T> {
  readonly #compare: (a: T, b: T) => number
  #root: TreeNode<T> | null = null

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare
  }

  add(value: T): void {
    let parent: TreeNode<T> | null = null
    let at = this.#root
    let order = 0
    while (at !== null) {
      parent = at
      order = this.#compare(value, at.value)
      if (order === 0) return
      at = order < 0 ? at.left : at.right
    }
    const added: TreeNode<T> = { value, parent, left: null, right: null, red: true }
    if (parent === null) this.#root = added
    else if (order < 0) parent.left = added
    else parent.right = added
    this.#rebalance(added)
  }

  *values(): Iterable<T> {
    const path: TreeNode<T>[] = []
    let at = this.#root
    while (at !== null || path.length > 0) {
      for (; at !== null; at = at.left) path.push(at)
      const node = path.pop()!
      yield node.value
      at = node.right
    }
  }

  #rebalance(added: TreeNode<T>): void {
    let node = added
    while (node.parent?.red) {
      const { parent } = node
      const grandparent = parent.parent!
      const onLeft = parent === grandparent.left
      const uncle = onLeft ? grandparent.right : grandparent.left
      if (uncle?.red) {
        parent.red = false
        uncle.red = false
        grandparent.red = true
        node = grandparent
        continue
      }
      if (node === (onLeft ? parent.right : parent.left)) {
        node = parent
        this.#rotate(node, onLeft)
      }
      node.parent!.red = false
      grandparent.red = true
      this.#rotate(grandparent, !onLeft)
    }
    this.#root!.red = false
  }

  #rotate(node: TreeNode<T>, left: boolean): void {
    const up = (left ? node.right : node.left)!
    const inner = left ? up.left : up.right
    if (left) {
      node.right = inner
      up.left = node
    } else {
      node.left = inner
      up.right = node
    }
    if (inner !== null) inner.parent = node
    up.parent = node.parent
    if (node.parent === null) this.#root = up
    else if (node.parent.left === node) node.parent.left = up
    else node.parent.right = up
    node.parent = up
  }
}
