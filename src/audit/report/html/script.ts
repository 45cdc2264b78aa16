/** What the page gains by a script: copying, filtering, the theme, the size of the diagram. It is complete without. */
export const script = `(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)]
  const root = document.documentElement
  all('.tools').forEach((tools) => { tools.hidden = false })

  const store = (value) => { try { return value === undefined ? localStorage.getItem('metastore-theme') : localStorage.setItem('metastore-theme', value) } catch { return null } }
  const dark = () => root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
  const theme = document.getElementById('theme')
  const label = () => { theme.textContent = dark() ? 'Light' : 'Dark'; theme.setAttribute('aria-label', 'Use ' + theme.textContent.toLowerCase() + ' colours') }
  const stored = store()
  if (stored === 'dark' || stored === 'light') root.dataset.theme = stored
  label()
  theme.addEventListener('click', () => { root.dataset.theme = dark() ? 'light' : 'dark'; store(root.dataset.theme); label() })

  const fallback = (text) => {
    const area = document.createElement('textarea')
    area.value = text
    document.body.append(area)
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    return done
  }
  const copy = (text) => navigator.clipboard ? navigator.clipboard.writeText(text).then(() => true, () => fallback(text)) : Promise.resolve(fallback(text))
  all('.copy').forEach((figure) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = 'Copy'
    button.setAttribute('aria-live', 'polite')
    button.addEventListener('click', async () => {
      button.textContent = await copy(figure.querySelector('code').textContent) ? 'Copied' : 'Select and copy'
      setTimeout(() => { button.textContent = 'Copy' }, 1600)
    })
    figure.append(button)
  })

  const filter = document.getElementById('filter')
  const items = all('[data-filter]').map((item) => [item, item.textContent.toLowerCase()])
  filter.addEventListener('input', () => {
    const wanted = filter.value.trim().toLowerCase()
    items.forEach(([item, text]) => { item.hidden = !text.includes(wanted) })
    all('.group').forEach((group) => { group.hidden = !group.querySelector('[data-filter]:not([hidden])') })
  })

  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1))
    if (!target) return
    if (target.hidden) { filter.value = ''; filter.dispatchEvent(new Event('input')) }
    if (target.tagName === 'DETAILS') target.open = true
    target.scrollIntoView()
  }
  addEventListener('hashchange', reveal)
  reveal()

  const picture = document.querySelector('.er')
  if (picture) {
    const canvas = picture.parentElement
    const full = picture.viewBox.baseVal
    let scale = 1
    const show = (next) => {
      scale = Math.min(2.5, Math.max(0.15, next))
      picture.setAttribute('width', Math.round(full.width * scale))
      picture.setAttribute('height', Math.round(full.height * scale))
    }
    const fit = () => show(Math.min(1, (canvas.clientWidth - 2) / full.width))
    const steps = { in: () => show(scale * 1.25), out: () => show(scale / 1.25), fit, full: () => show(1) }
    all('[data-zoom]').forEach((button) => button.addEventListener('click', steps[button.dataset.zoom]))
    canvas.addEventListener('wheel', (event) => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      show(scale * (event.deltaY < 0 ? 1.1 : 1 / 1.1))
    }, { passive: false })
    // A little too wide is made to fit; at less than two thirds nobody could read it.
    if (full.width > canvas.clientWidth && canvas.clientWidth / full.width > 0.66) fit()
  }

  let opened = []
  addEventListener('beforeprint', () => { opened = all('details.migration:not([open]), details.table:not([open])'); opened.forEach((one) => { one.open = true }) })
  addEventListener('afterprint', () => { opened.forEach((one) => { one.open = false }) })
})()
`
