"""Addresses of the customers' doors, below /api/v1/."""

from django.urls import path

from customers.api import views

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
    path("search", views.Search.as_view()),
    path("geocode", views.Geocode.as_view()),
]
