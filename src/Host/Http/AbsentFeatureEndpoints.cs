// Endpoints of Mooncake's features that this master does not have. They say so in the way a Mooncake master says it with the
// feature switched off, so that scripts go on.
using HotStandby.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HotStandby.Host.Http;

/// <summary>/kv_events/status, /api/v1/tenant_quotas.</summary>
internal static class AbsentFeatureEndpoints
{
    private static readonly string[] QuotaMethods = [HttpMethods.Put, HttpMethods.Delete];

    public static void Map(IEndpointRouteBuilder routes, AdminNode node)
    {
        routes.MapGet("/kv_events/status", () => node.Serves
                ? Results.Json(new EventPublisherBody(false, 0, 0, 0, 0), AdminJson.Default.EventPublisherBody)
                : ErrorAnswer.NotServing())
            .Answers<EventPublisherBody>("Key events are not published.", 503);
        foreach (var method in QuotaMethods)
            routes.MapChange(method, "/api/v1/tenant_quotas", "change tenant quota", Quotas)
                .Refuses(401, 403, 409, 503).WithSummary("Tenants have no quotas: 409.");
        routes.MapGet("/api/v1/tenant_quotas", Quotas).Refuses(409, 503).WithSummary("Tenants have no quotas: 409.");

        IResult Quotas() => node.Serves ? ErrorAnswer.Of(ErrorCode.UnavailableInCurrentMode) : ErrorAnswer.NotServing();
    }
}
