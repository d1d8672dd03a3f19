// What /openapi.json says of the admin token: which operations ask for it.
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace HotStandby.Host.Http;

/// <summary>The token in the description.</summary>
internal static class GuardDescription
{
    private const string SchemeName = "adminToken";

    /// <summary>Names the scheme.</summary>
    public static void Declare(OpenApiDocument document)
    {
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes[SchemeName] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "hotstandby.http.admin-token. Without one set, these operations are answered on loopback only, "
                + "and not to web pages of other origins.",
        };
    }

    /// <summary>Marks an operation whose route the guard stands before.</summary>
    public static void Require(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.Any(static each => each is ChangesState or OperatorsOnly))
            operation.Security =
                [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(SchemeName, context.Document)] = [] }];
    }
}
