"""Addresses of the customers' doors, below /api/v1/."""

from django.urls import path

from customers.api import imports, views

urlpatterns = [
    path("customers", views.CustomerList.as_view()),
    path("customers/counts", views.CustomerCounts.as_view()),
    path("customers/nearest", views.NearestCustomers.as_view()),
    path("customers/within", views.CustomersWithin.as_view()),
    path("customers/<int:account_id>", views.Customer.as_view()),
    path("customers/<int:account_id>/restore", views.CustomerRestore.as_view()),
    path("customers/<int:account_id>/move", views.CustomerMove.as_view()),
    path("customers/<int:account_id>/undo", views.CustomerUndo.as_view()),
    path("customers/<int:account_id>/history", views.CustomerHistory.as_view()),
    path("imports", imports.ImportList.as_view()),
    path("imports/<uuid:import_id>", imports.ImportDoor.as_view()),
    path("imports/<uuid:import_id>/rows", imports.ImportRowList.as_view()),
    path("imports/<uuid:import_id>/map", imports.ImportMap.as_view()),
    path("imports/<uuid:import_id>/rejects.csv", imports.ImportRejects.as_view()),
    path("imports/<uuid:import_id>/commit", imports.ImportCommitDoor.as_view()),
    path("imports/<uuid:import_id>/cancel", imports.ImportCancel.as_view()),
    path("imports/<uuid:import_id>/revert", imports.ImportRevert.as_view()),
    path("search", views.Search.as_view()),
    path("geocode", views.Geocode.as_view()),
]
