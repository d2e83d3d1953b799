# SPDX-License-Identifier: GPL-2.0
# How Sphinx makes pages of this directory; see `build` beside it.

project = 'mqttk'
author = copyright = 'the authors of mqttk'
extensions = ['myst_parser']
# What stands in declarations and is no C.
c_id_attributes = ['__rcu', '__user']
myst_enable_extensions = ['deflist']
# Links like limits.md#a-queue-that-is-full, as they work in a forge, too.
myst_heading_anchors = 4
exclude_patterns = ['output']
primary_domain = None
highlight_language = 'none'
html_theme = 'alabaster'
html_theme_options = {
    'description': 'an MQTT broker in the Linux kernel',
    'fixed_sidebar': True,
    'page_width': '70rem',
    'sidebar_width': '16rem',
    'show_powered_by': False,
}
html_sidebars = {'**': ['about.html', 'navigation.html', 'searchbox.html']}
html_static_path = ['pages.css']
html_css_files = ['pages.css']
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
