// A list of any length that draws only the rows in sight: a pool of elements that are filled again while it scrolls.

const BEYOND = 8; // rows drawn above and below what is in sight

export class Rows {
  /**
   * @param scroller the element that scrolls
   * @param make makes an empty row
   * @param show fills a row: `show(row, item, index)`
   * @param onEdge called with "top" or "bottom" when little is left there
   */
  constructor({ scroller, make, show, onEdge }) {
    this.items = [];
    this._scroller = scroller;
    this._make = make;
    this._show = show;
    this._onEdge = onEdge;
    this._sizer = scroller.appendChild(document.createElement("div"));
    this._sizer.className = "sizer";
    this._pool = [];
    this._height = 36;
    this._waits = false;
    scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    this._observer = new ResizeObserver(() => this._measure());
    this._observer.observe(scroller);
  }

  close() {
    this._observer.disconnect();
  }

  /** Whether the newest row is in sight. */
  get isAtTop() {
    return this._scroller.scrollTop < this._height;
  }

  /** Replace the items. `moved` rows were put in front (or, below 0, taken from there): what is in sight stays. */
  set(items, { moved = 0 } = {}) {
    this.items = items;
    this._sizer.style.height = `${items.length * this._height}px`;
    if (moved) this._scroller.scrollTop += moved * this._height;
    this.draw();
  }

  top() {
    this._scroller.scrollTop = 0;
  }

  /** Scroll as little as is needed to see a row. */
  reveal(index) {
    const top = index * this._height;
    const seen = this._scroller;
    if (top < seen.scrollTop) seen.scrollTop = top;
    else if (top + this._height > seen.scrollTop + seen.clientHeight) seen.scrollTop = top + this._height - seen.clientHeight;
    this.draw();
  }

  /** Draw before the next frame. */
  draw() {
    if (this._waits) return;
    this._waits = true;
    requestAnimationFrame(() => {
      this._waits = false;
      this._draw();
    });
  }

  _draw() {
    const { scrollTop, clientHeight } = this._scroller;
    const first = Math.max(0, Math.floor(scrollTop / this._height) - BEYOND);
    const last = Math.min(this.items.length, Math.ceil((scrollTop + clientHeight) / this._height) + BEYOND);
    const wanted = last - first;
    while (this._pool.length < wanted) this._pool.push(this._sizer.appendChild(this._make()));
    this._pool.forEach((row, place) => {
      // row `index` always has the place `index % size`: a scroll fills only the rows that come into sight
      const size = this._pool.length;
      const index = first + ((place - (first % size) + size) % size);
      row.hidden = index >= last;
      if (row.hidden) return;
      row.style.transform = `translateY(${index * this._height}px)`;
      this._show(row, this.items[index], index);
    });
    if (last > this.items.length - 40) this._onEdge("bottom");
    if (first < 40) this._onEdge("top");
  }

  _measure() {
    if (!this._pool.length) this._pool.push(this._sizer.appendChild(this._make()));
    this._pool[0].hidden = false;
    const height = this._pool[0].offsetHeight || this._height;
    if (height !== this._height) {
      const at = this._scroller.scrollTop / this._height;
      this._height = height;
      this._sizer.style.height = `${this.items.length * height}px`;
      this._scroller.scrollTop = at * height;
    }
    this.draw();
  }
}
