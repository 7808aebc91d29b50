#ifndef SIGNET_SERVICE_API_SESSIONS_H_
#define SIGNET_SERVICE_API_SESSIONS_H_

#include "revocation-service/oauth/requests.h"

namespace signet::service {

// The handlers of /v1/sessions. A caller sees and ends sessions of its own
// and of the public clients that it may act for; others do not exist for it.

// OpenSession: POST /v1/sessions, permission session.open.
void OpenSession(const Services& services, const http::Request& request,
                 ResponderPtr responder);

// ListSessions: GET /v1/sessions?subject=S, permission session.read.
void ListSessions(const Services& services, const http::Request& request,
                  ResponderPtr responder);

// ShowSession: GET /v1/sessions/{id}, permission session.read.
void ShowSession(const Services& services, const http::Request& request,
                 ResponderPtr responder);

// ChangeSession: PATCH /v1/sessions/{id}, permission session.open: device
// label and custom claims, which the next access token shows.
void ChangeSession(const Services& services, const http::Request& request,
                   ResponderPtr responder);

// StepUpSession: POST /v1/sessions/{id}, permission session.open: other
// privileges, under a new session id and refresh token.
void StepUpSession(const Services& services, const http::Request& request,
                   ResponderPtr responder);

// EndSession: DELETE /v1/sessions/{id}[?wait=S], permission session.end. With a
// wait it is answered when the connected verifiers enforce it, or then.
void EndSession(const Services& services, const http::Request& request,
                ResponderPtr responder);

// EndSessions: DELETE /v1/sessions?subject=S[&except=ID][&wait=S], permission
// session.end. With the permission `revoke` too, it ends the sessions of
// every client, and without `except` also voids what the subject was issued
// so far.
void EndSessions(const Services& services, const http::Request& request,
                 ResponderPtr responder);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_API_SESSIONS_H_
