"""Addresses of the portal's own doors, below /api/v1/."""

from django.urls import path

from portal.api import account, administration, areas, audit, password, people, sessions, system, tokens, views

urlpatterns = [
    path("audit", audit.Audit.as_view()),
    path("audit/export", audit.AuditExport.as_view()),
    path("me", views.Me.as_view()),
    path("sign-in", views.SignInFrame.as_view()),
    path("session", views.Session.as_view()),
    path("session/second-factor", views.SecondFactor.as_view()),
    path("sessions", account.Sessions.as_view()),
    path("sessions/<str:sid>", account.OneSession.as_view()),
    path("account/security", account.Security.as_view()),
    path("account/totp", account.Totp.as_view()),
    path("account/recovery-codes", account.RecoveryCodes.as_view()),
    path("account/password", account.Password.as_view()),
    path("account/set-password", password.SetPassword.as_view()),
    path("account/password-reset", password.PasswordReset.as_view()),
    path("admin/areas", areas.AreaList.as_view()),
    path("admin/areas/<slug:code>", areas.AreaDoor.as_view()),
    path("admin/grants", administration.Grants.as_view()),
    path("admin/people", people.People.as_view()),
    path("admin/people/<int:user_id>", people.Person.as_view()),
    path("admin/people/<int:user_id>/invitation", people.InvitationAgain.as_view()),
    path("admin/people/<int:user_id>/second-factor", people.LostSecondFactor.as_view()),
    path("admin/people/<int:user_id>/unlock", people.Unlock.as_view()),
    path("admin/sessions", sessions.AllSessions.as_view()),
    path("admin/sessions/<slug:sid>", sessions.AnySession.as_view()),
    path("admin/jobs/<slug:job_id>/retry", system.JobRetry.as_view()),
    path("admin/roles", administration.Roles.as_view()),
    path("admin/see-as", administration.SeeAs.as_view()),
    path("admin/system", system.System.as_view()),
    path("admin/tokens", tokens.AllTokens.as_view()),
    path("admin/tokens/<int:token_id>", tokens.AnyToken.as_view()),
    path("tokens", tokens.Tokens.as_view()),
    path("tokens/<int:token_id>", tokens.OneToken.as_view()),
]
