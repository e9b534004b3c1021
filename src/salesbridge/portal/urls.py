"""Every address of the portal: what the areas bring, and the account pages."""

from __future__ import annotations

from salesbridge.portal.areas import areas

urlpatterns = [pattern for area in areas() for pattern in area.urls]

handler400 = "salesbridge.portal.errors.bad_request"
handler403 = "salesbridge.portal.errors.forbidden"
handler404 = "salesbridge.portal.errors.not_found"
handler429 = "salesbridge.portal.errors.too_many"
handler500 = "salesbridge.portal.errors.failed"
